import { describe, expect, it } from "vitest";
import { RATE_LIMITS } from "../../../src/platforms/matrix/rate-limits.ts";
import type { LimiterState } from "../../../src/queue/rate-limit.ts";
import {
  UNKNOWN_LIMITER,
  admission,
  expectedMs,
  refund,
  paceOf,
  passed,
  consume,
  afterRetryAfter,
  afterUnexplained,
} from "../../../src/queue/rate-limit.ts";

const NOW = 1_000_000_000;
const PACE = paceOf(RATE_LIMITS.joins);
const { periodMs, burst } = PACE;

function afterTaking(count: number, state: LimiterState = UNKNOWN_LIMITER, at = NOW): LimiterState {
  return Array.from({ length: count }).reduce<LimiterState>((left) => consume(PACE, left, at), state);
}

/** A limiter after a full burst and an immediate refusal. */
function refusedAfter(waitMs: number, at = NOW): LimiterState {
  return afterRetryAfter(PACE, afterTaking(burst), at, waitMs);
}

/** How long the next request waits; 0 if it may be sent. */
function waitOf(state: LimiterState, now = NOW): number {
  const answer = admission(PACE, state, now);
  return answer.kind === "wait" ? answer.until - now : 0;
}

describe("a limiter without observations", () => {
  it("lets the burst of the default through at once", () => {
    expect(admission(PACE, afterTaking(burst - 1), NOW)).toEqual({ kind: "go" });
  });

  it("is tried out with the next one", () => {
    expect(admission(PACE, afterTaking(burst), NOW)).toMatchObject({ kind: "probe" });
  });

  it("is not tried out so near to the next turn that waiting costs less", () => {
    expect(admission(PACE, afterTaking(burst), NOW + periodMs * 0.85)).toEqual({
      kind: "wait",
      until: NOW + periodMs,
    });
  });

  it("drains like the server's", () => {
    expect(admission(PACE, afterTaking(burst), NOW + periodMs)).toEqual({ kind: "go" });
  });
});

describe("a limiter that let more through than the default", () => {
  const refuted = passed(PACE, afterTaking(burst + 1), { sentAt: NOW, wasProbe: true });

  it("never waits", () => {
    expect(admission(PACE, afterTaking(500, refuted), NOW)).toEqual({ kind: "go" });
    expect(expectedMs(PACE, afterTaking(500, refuted), NOW, 100)).toBe(0);
  });

  it("is believed when it refuses after all", () => {
    expect(waitOf(afterRetryAfter(PACE, afterTaking(20, refuted), NOW, 700))).toBe(700 + 15);
  });
});

describe("a limiter that refused", () => {
  it("is waited for as long as it said, with a little for the clocks", () => {
    expect(waitOf(refusedAfter(3_000))).toBe(3_000 + 15);
    expect(waitOf(refusedAfter(periodMs))).toBe(periodMs + 40);
  });

  it("is taken for the default where what it said fits", () => {
    const state = afterTaking(1, refusedAfter(periodMs - 60), NOW + periodMs);
    expect(waitOf(state, NOW + periodMs)).toBeCloseTo(periodMs - 60 + 40, -1);
  });

  it("shows its exact period by the next refusal after one that had to wait", () => {
    // The period is 4 s. When the first request was refused, 1 s of it was over.
    const first = refusedAfter(3_000);
    const sentAt = NOW + 3_015;
    const second = passed(PACE, consume(PACE, first, sentAt), { sentAt, wasProbe: false });
    const refusedAt = sentAt + 100;
    const third = afterRetryAfter(PACE, second, refusedAt, NOW + 3_000 + 4_000 - refusedAt);
    expect(third.observed?.periodMs).toBe(4_000);
  });

  it("lets a burst through again after a long rest", () => {
    const rested = NOW + 100 * periodMs;
    expect(waitOf(afterTaking(burst - 2, refusedAfter(periodMs), rested), rested)).toBe(0);
    // The last request of the burst may be refused, like every later one.
    expect(waitOf(afterTaking(burst - 1, refusedAfter(periodMs), rested), rested)).toBe(40);
    expect(waitOf(afterTaking(burst, refusedAfter(periodMs), rested), rested)).toBe(periodMs + 40);
  });
});

describe("a refusal that names no time", () => {
  it("is waited out for the whole period of the default", () => {
    expect(waitOf(afterUnexplained(PACE, UNKNOWN_LIMITER, NOW))).toBe(periodMs + 40);
  });

  it("is waited out for the period that the account's own server has, the first time", () => {
    const once = afterUnexplained(PACE, refusedAfter(2_000), NOW);
    expect(waitOf(once)).toBe(2_000 + 15);
    expect(waitOf(afterUnexplained(PACE, once, NOW))).toBeGreaterThanOrEqual(periodMs);
  });

  it("counts from the first again once something got through", () => {
    const once = afterUnexplained(PACE, refusedAfter(2_000), NOW);
    expect(passed(PACE, once, { sentAt: NOW, wasProbe: false }).refusalsWithoutDelay).toBe(0);
  });
});

it("takes back exactly what it counted", () => {
  for (const state of [afterTaking(3), refusedAfter(3_000)])
    expect(refund(PACE, consume(PACE, state, NOW))).toEqual(state);
});

it.each([
  { name: "nothing", count: 0, ms: 0 },
  { name: "what fits into the burst", count: burst, ms: 0 },
  { name: "one more", count: burst + 1, ms: periodMs },
  { name: "many", count: burst + 30, ms: 30 * periodMs },
])("expects $name to take as long as the default makes it", ({ count, ms }) => {
  expect(expectedMs(PACE, UNKNOWN_LIMITER, NOW, count)).toBe(ms);
});

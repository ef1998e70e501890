import { describe, expect, it } from "vitest";
import { RATE_LIMITS } from "../../../src/platforms/matrix/rate-limits.ts";
import {
  UNKNOWN_LIMITER,
  admission,
  paceOf,
  passed,
  consume,
  refund,
  afterRetryAfter,
} from "../../../src/queue/rate-limit.ts";

const INVITATIONS = paceOf(RATE_LIMITS.invitations);
const BURST = 5;

/**
 * A leaky bucket like Synapse's (util/ratelimitutils: a burst at once, then one in each period). It
 * counts each request some time after it was sent, and holds each refusal back for a while.
 */
function slowServer(
  periodMs: number,
  { lateMs, heldMs }: { lateMs: (sent: number) => number; heldMs: number },
) {
  let emptyAt = 0;
  return (sentAt: number, sent: number): { isAllowed: boolean; waitMs: number; answeredAt: number } => {
    const at = sentAt + lateMs(sent);
    const nextAt = emptyAt - (BURST - 1) * periodMs;
    if (nextAt > at) return { isAllowed: false, waitMs: nextAt - at, answeredAt: at + heldMs };
    emptyAt = Math.max(emptyAt, at) + periodMs;
    return { isAllowed: true, waitMs: 0, answeredAt: at };
  };
}

/**
 * Sends this number of invitations as fast as the limiter permits.
 * @returns when the last one was accepted, and the number of refusals
 */
function invite(
  count: number,
  server: ReturnType<typeof slowServer>,
  idle: { after: number; ms: number } = { after: 0, ms: 0 },
): { ms: number; refusals: number } {
  let state = UNKNOWN_LIMITER;
  let now = 0;
  let refusals = 0;
  for (let sent = 0; sent < count;) {
    const may = admission(INVITATIONS, state, now);
    if (may.kind === "wait") {
      now = may.until;
      continue;
    }
    const sentAt = now;
    state = consume(INVITATIONS, state, sentAt);
    const answer = server(sentAt, sent);
    now = answer.answeredAt;
    if (answer.isAllowed) {
      sent += 1;
      if (sent === idle.after) now += idle.ms;
      state = passed(INVITATIONS, state, { sentAt, wasProbe: may.kind === "probe" });
    } else {
      refusals += 1;
      state = afterRetryAfter(INVITATIONS, refund(INVITATIONS, state), now, answer.waitMs, sentAt);
    }
  }
  return { ms: now, refusals };
}

describe("the period of a limit that is not the default", () => {
  it.each<[string, (sent: number) => number]>([
    ["quick", () => 20],
    ["slow", () => 900],
    ["slow for a while", (sent) => (sent > 10 && sent < 16 ? 1_000 : 30)],
  ])("is learnt from a server that is %s, so that little time is lost", (_, lateMs) => {
    const periodMs = 2_000;
    const count = 40;
    const { ms, refusals } = invite(count, slowServer(periodMs, { lateMs, heldMs: 500 }));
    expect(ms).toBeLessThan((count - BURST) * periodMs * 1.03 + 2_000);
    expect(refusals).toBeLessThan(6);
  });

  it("is not taken for longer after a while in which nothing was sent", () => {
    const periodMs = 2_000;
    const [count, idle] = [60, { after: 12, ms: 30_000 }];
    const { ms, refusals } = invite(count, slowServer(periodMs, { lateMs: () => 50, heldMs: 500 }), idle);
    // After the pause a whole burst is sent at once.
    expect(ms).toBeLessThan((count - 2 * BURST) * periodMs * 1.03 + idle.ms + 2_000);
    expect(refusals).toBeLessThan(6);
  });
});

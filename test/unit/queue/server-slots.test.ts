import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Slot, SlotKind } from "../../../src/queue/server-slots.ts";
import {
  MAX_FEDERATED_PER_RUN,
  MAX_REQUESTS_PER_SERVER,
  MAX_SLOW_PER_RUN,
  SLOW_AFTER_MS,
  ServerSlots,
} from "../../../src/queue/server-slots.ts";
import { pass } from "../../support/fakes/scripted-runner.ts";

const SERVER = "old.example";

beforeEach(() => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => vi.useRealTimers());

function slotsAt(server = SERVER): {
  slots: ServerSlots;
  called: number[];
  take: (runId: number, kind?: SlotKind) => Slot | null;
} {
  const called: number[] = [];
  const slots = new ServerSlots((each) => called.push(each));
  return { slots, called, take: (runId, kind = "own") => slots.take(server, runId, kind) };
}

function takeAll(take: (runId: number) => Slot | null, runId = 1): Slot[] {
  const slots = Array.from({ length: MAX_REQUESTS_PER_SERVER }, () => take(runId));
  return slots.filter((slot) => slot !== null);
}

describe("the slots at a server", () => {
  it("are so many, and as many at every other", () => {
    const { slots, take } = slotsAt();
    expect(takeAll(take)).toHaveLength(MAX_REQUESTS_PER_SERVER);
    expect([take(1), slots.take("new.example", 1, "own")]).toEqual([null, expect.anything()]);
  });

  it("go to the waiting runs in turn", () => {
    const { called, take } = slotsAt();
    const taken = takeAll(take);
    expect([1, 2, 3].map((runId) => take(runId))).toEqual([null, null, null]);
    taken[0]?.release();
    expect(called).toEqual([1]);
    expect([take(3), take(1) !== null]).toEqual([null, true]);
    // A run that has just got a slot goes to the end of the queue.
    expect(take(1)).toBeNull();
    taken[1]?.release();
    expect([take(1), take(2) !== null]).toEqual([null, true]);
  });

  it("are offered to the next run if one no longer wants its slot", () => {
    const { slots, called, take } = slotsAt();
    const taken = takeAll(take);
    take(2);
    take(3);
    taken[0]?.release();
    slots.leave(2);
    expect(called).toEqual([2, 3]);
    expect(take(3)).not.toBeNull();
  });

  it("are kept where a run stays, and left elsewhere", () => {
    const { slots, called, take } = slotsAt();
    const taken = takeAll(take);
    take(2);
    slots.leave(2, [{ server: SERVER, kind: "own" }]);
    taken[0]?.release();
    expect(called).toEqual([2]);
    slots.leave(2, [{ server: SERVER, kind: "federated" }]);
    expect(take(3)).not.toBeNull();
  });
});

describe("requests that wait for other servers", () => {
  it("take no slot of others, and one run gets a part of theirs", () => {
    const { take } = slotsAt();
    const taken = Array.from({ length: MAX_FEDERATED_PER_RUN }, () => take(1, "federated"));
    expect(taken).not.toContain(null);
    expect(take(1, "federated")).toBeNull();
    expect([take(2, "federated"), take(1)]).not.toContain(null);
  });

  it("do not keep others in the queue behind a run that has all its slots", () => {
    const { take } = slotsAt();
    const taken = [1, 1, 1, 2, 2, 2, 3, 3].map((runId) => take(runId, "federated"));
    expect([take(4, "federated"), take(1, "federated"), take(5, "federated")]).toEqual([null, null, null]);
    taken[0]?.release();
    expect(take(4, "federated")).not.toBeNull();
    taken[3]?.release();
    expect(take(5, "federated")).not.toBeNull();
  });
});

describe("a request that hangs", () => {
  it("gives its slot back while it goes on", async () => {
    const { called, take } = slotsAt();
    const taken = takeAll(take);
    expect(take(2)).toBeNull();
    await pass(SLOW_AFTER_MS - 1);
    expect(called).toEqual([]);
    await pass(1);
    expect(called).toContain(2);
    expect(takeAll(take, 2)).toHaveLength(MAX_REQUESTS_PER_SERVER);
    for (const slot of taken) slot.release();
    expect(take(3)).toBeNull();
  });

  it("gives it back only once", async () => {
    const { take } = slotsAt();
    const [first] = takeAll(take);
    first?.release();
    await pass(SLOW_AFTER_MS);
    expect(takeAll(take, 2)).toHaveLength(MAX_REQUESTS_PER_SERVER);
    expect(take(3)).toBeNull();
  });

  it("does not let one run send any number of them", async () => {
    const { take } = slotsAt();
    let sent = 0;
    for (let round = 0; round < 2 * MAX_SLOW_PER_RUN; round += 1) {
      while (take(1, "federated") !== null) sent += 1;
      await pass(SLOW_AFTER_MS);
    }
    expect(sent).toBeGreaterThanOrEqual(MAX_SLOW_PER_RUN);
    expect(sent).toBeLessThanOrEqual(MAX_SLOW_PER_RUN + MAX_FEDERATED_PER_RUN);
    expect(take(2, "federated")).not.toBeNull();
  });
});

describe("a server that no request needs", () => {
  it("is forgotten, also after slow requests and runs that waited", async () => {
    const slots = new ServerSlots(() => undefined);
    for (let count = 0; count < 1_000; count += 1) {
      const server = `${count}.example`;
      const taken = takeAll((runId) => slots.take(server, runId, "own"));
      expect(slots.take(server, 2, "own")).toBeNull();
      taken[0]?.release();
      if (count === 0) await pass(SLOW_AFTER_MS);
      for (const slot of taken.slice(1)) slot.release();
    }
    expect(slots.size).toBe(1_000);
    slots.leave(2);
    expect(slots.size).toBe(0);
  });
});

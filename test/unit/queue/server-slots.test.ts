import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Slot, SlotKind } from "../../../src/queue/server-slots.ts";
import {
  MAX_FEDERATED_PER_RUN,
  MAX_FEDERATED_PER_SERVER,
  MAX_REQUESTS_PER_SERVER,
  MAX_SLOW_PER_RUN,
  MAX_SLOW_PER_SERVER,
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

/** Requests of many runs at one server, each run with a list of answer times. */
class Load {
  readonly #waiting = new Map<number, number[]>();
  readonly #kind: SlotKind;
  readonly #slots = new ServerSlots((runId) => queueMicrotask(() => this.#sendAll(runId)));
  #open = 0;
  mostOpen = 0;
  /** The runs of the requests that were answered, in order. */
  readonly answered: number[] = [];

  constructor(kind: SlotKind) {
    this.#kind = kind;
  }

  add(runId: number, answerTimes: readonly number[]): void {
    this.#waiting.set(runId, [...answerTimes]);
    this.#sendAll(runId);
  }

  answeredTo(runId: number): number {
    return this.answered.filter((each) => each === runId).length;
  }

  #sendAll(runId: number): void {
    const waiting = this.#waiting.get(runId) ?? [];
    for (;;) {
      const [answerMs] = waiting;
      if (answerMs === undefined) {
        this.#slots.leave(runId, []);
        return;
      }
      const slot = this.#slots.take(SERVER, runId, this.#kind);
      if (slot === null) return;
      waiting.shift();
      this.#open += 1;
      this.mostOpen = Math.max(this.mostOpen, this.#open);
      setTimeout(() => {
        this.#open -= 1;
        this.answered.push(runId);
        slot.release();
        this.#sendAll(runId);
      }, answerMs);
    }
  }
}

const HANGS_MS = 5 * 60_000;
const GOOD = 0;
const QUICK = Array.from({ length: 50 }, () => 500);
const DEAD = [HANGS_MS, HANGS_MS, HANGS_MS];
const MAX_OPEN: Readonly<Record<SlotKind, number>> = {
  own: MAX_SLOW_PER_SERVER + MAX_REQUESTS_PER_SERVER,
  federated: MAX_SLOW_PER_SERVER + MAX_FEDERATED_PER_SERVER,
};

describe.each(["own", "federated"] as const)("requests that hang, of many runs (%s)", (kind) => {
  it("are bounded in number, and all end", async () => {
    const load = new Load(kind);
    for (let runId = 1; runId <= 50; runId += 1) load.add(runId, DEAD);
    await pass(5 * HANGS_MS);
    expect(load.mostOpen).toBe(MAX_OPEN[kind]);
    expect(load.answered).toHaveLength(150);
  });

  it("delay another run by no more than the time of one request", async () => {
    const load = new Load(kind);
    for (let runId = 1; runId <= 12; runId += 1)
      load.add(
        runId,
        Array.from({ length: 3 * MAX_SLOW_PER_RUN }, () => HANGS_MS),
      );
    await pass(HANGS_MS / 2);
    load.add(GOOD, QUICK);
    await pass(HANGS_MS);
    expect(load.answeredTo(GOOD)).toBe(QUICK.length);
  });

  it("of a thousand runs delay another one by one turn at most, and the next requests go first", async () => {
    const load = new Load(kind);
    for (let runId = 1; runId <= 1_000; runId += 1) load.add(runId, DEAD);
    load.add(GOOD, QUICK);
    while (load.answeredTo(GOOD) === 0) await pass(10_000);
    // The first runs find free slots for all of their requests.
    expect(load.answered.length).toBeLessThanOrEqual(1_000 + MAX_REQUESTS_PER_SERVER);
    await pass(HANGS_MS);
    expect(load.answeredTo(GOOD)).toBe(QUICK.length);
    expect(load.mostOpen).toBe(MAX_OPEN[kind]);
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

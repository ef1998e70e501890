import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { TimedWorker } from "../../../src/queue/timed-worker.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function setUp(work: (times: number) => Promise<{ nextAt: number | null }> | { nextAt: number | null }) {
  let times = 0;
  const log = pino({ enabled: false });
  const worker = new TimedWorker(async () => await work(++times), { now: () => Date.now(), log });
  return { worker, times: () => times };
}

describe("TimedWorker", () => {
  it("works at once, then sleeps until the next thing is due", async () => {
    const { worker, times } = setUp((count) => ({ nextAt: count === 1 ? Date.now() + 1_000 : null }));
    worker.start();
    await vi.advanceTimersByTimeAsync(999);
    expect(times()).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(times()).toBe(2);
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(times()).toBe(2);
    await worker.stop();
  });

  it("wakes when there is more work, also while it works", async () => {
    const busy = Promise.withResolvers<undefined>();
    const { worker, times } = setUp(async (count) => {
      if (count === 2) await busy.promise;
      return { nextAt: null };
    });
    worker.start();
    await vi.advanceTimersByTimeAsync(0);
    worker.wake();
    await vi.advanceTimersByTimeAsync(0);
    expect(times()).toBe(2);
    worker.wake();
    busy.resolve(undefined);
    await vi.advanceTimersByTimeAsync(0);
    expect(times()).toBe(3);
    await worker.stop();
  });

  it("continues a little later after work that failed", async () => {
    const { worker, times } = setUp((count) => {
      if (count === 1) throw new Error("broken");
      return { nextAt: null };
    });
    worker.start();
    await vi.advanceTimersByTimeAsync(4_999);
    expect(times()).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(times()).toBe(2);
    await worker.stop();
  });

  it("looks at the clock now and then, since it may be set back", async () => {
    const { worker, times } = setUp(() => ({ nextAt: Date.now() + 24 * 3_600_000 }));
    worker.start();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(times()).toBe(2);
    await worker.stop();
  });

  it("stops when the piece of work under way is over, and begins no other", async () => {
    const busy = Promise.withResolvers<undefined>();
    const { worker, times } = setUp(async () => {
      await busy.promise;
      return { nextAt: 0 };
    });
    worker.start();
    let isStopped = false;
    const stopped = worker.stop().then(() => {
      isStopped = true;
    });
    await vi.advanceTimersByTimeAsync(0);
    expect(isStopped).toBe(false);
    busy.resolve(undefined);
    await stopped;
    expect(times()).toBe(1);
  });
});

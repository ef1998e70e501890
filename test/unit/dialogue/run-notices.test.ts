import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { RunAnnouncer } from "../../../src/dialogue/run-notices.ts";
import type { Run } from "../../../src/model/run.ts";
import type { RunStatus } from "../../../src/service/run/results.ts";
import { evilRun } from "../../support/fakes/move-samples.ts";
import { newRun } from "../../support/fakes/scripted-runner.ts";
import { temporaryStore } from "../../support/store/temporary-store.ts";

const OWNER = "@me:old.example";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

async function setUp({
  statusOf = async () => evilRun(),
}: { statusOf?: (run: Run) => Promise<RunStatus> } = {}) {
  const { store } = await temporaryStore();
  const announcer = new RunAnnouncer({
    statuses: { of: statusOf, withOldServer: statusOf },
    summary: { of: () => Promise.reject(new Error("no end is shown here")) },
    runs: store.runs,
    sendMessage: ({ id, address }, message, { key, priority = "answer" }) =>
      store.outbox.add(
        {
          ...{ transactionId: key, roomId: address.roomId, forUser: address.sender, kind: "message" },
          ...{ cause: { kind: "run", id }, content: { document: message.document } },
          priority: priority === "progress" ? 2 : 1,
        },
        Date.now(),
      ),
    prefix: "!",
    monotonicNow: () => performance.now(),
    now: () => Date.now(),
    log: pino({ enabled: false }),
  });
  return { store, announcer };
}

/** Lets everything happen that is due within some seconds. */
async function pass(): Promise<void> {
  for (let round = 0; round < 5; round += 1) {
    await vi.advanceTimersByTimeAsync(2_000);
    await new Promise(setImmediate);
  }
}

describe("the progress of a run", () => {
  it("is not said any more if its owner is forgotten while it is drawn", async () => {
    const state = { isForgotten: true };
    const { store, announcer } = await setUp({
      statusOf: async () => {
        if (state.isForgotten) await store.forget(OWNER);
        return evilRun();
      },
    });
    const run = await newRun(store, [], { owner: OWNER });
    announcer.changed(run);
    await pass();
    announcer.changed(run);
    await pass();
    expect(await store.outbox.unsentCount()).toBe(0);
    expect(announcer.shownCount).toBe(0);
    state.isForgotten = false;
    announcer.changed(await newRun(store, [], { owner: OWNER }));
    await pass();
    expect(await store.outbox.unsentCount()).toBe(1);
    await announcer.stop();
  });

  it("goes on being shown, although the clock was set back by a day", async () => {
    let state: Run["state"] = "running";
    const { store, announcer } = await setUp({ statusOf: async () => evilRun({ state }) });
    const run = await newRun(store, [], { owner: OWNER });
    announcer.changed(run);
    await pass();
    vi.setSystemTime(Date.now() - 24 * 3_600_000);
    const before = (await store.runs.get(run.id))?.progressCount ?? 0;
    state = "paused";
    announcer.changed(run);
    await pass();
    expect((await store.runs.get(run.id))?.progressCount).toBe(before + 1);
    const now = Date.now();
    expect(await store.outbox.due(now, 9)).toHaveLength(1);
    await announcer.stop();
  });

  it.each([
    { purpose: "ask", shown: 0 },
    { purpose: "mentions", shown: 0 },
    { purpose: "leave", shown: 0 },
    { purpose: "move", shown: 1 },
  ] as const)("of $purpose that is over before any was shown is shown $shown times", async (each) => {
    const { store, announcer } = await setUp();
    const run = await newRun(store, [], { owner: OWNER, purpose: each.purpose });
    const over = await store.runs.apply(run.id, "settled", { endedAt: Date.now() });
    if (over !== null) announcer.changed(over);
    await pass();
    expect(await store.outbox.unsentCount()).toBe(each.shown);
    await announcer.stop();
  });

  it("is remembered only for runs that are going on", async () => {
    const { store, announcer } = await setUp();
    for (let count = 0; count < 1_000; count += 1) {
      const run = await newRun(store, [], { owner: `@person-${count}:old.example` });
      announcer.changed(run);
      const over = await store.runs.apply(run.id, "cancelled", { endedAt: Date.now() });
      if (over !== null) announcer.changed(over);
    }
    expect(announcer.shownCount).toBe(1_000);
    await pass();
    await announcer.stop();
    expect(await store.outbox.unsentCount()).toBe(1_000);
    expect(announcer.shownCount).toBe(0);
  });
});

import { describe, expect, it } from "vitest";
import type { Run, TakenStep } from "../../../src/model/run.ts";
import { LeaseLostError } from "../../../src/store/run-leases.ts";
import type { Store } from "../../../src/store/store.ts";
import { DONE, newRun, room, step } from "../../support/fakes/scripted-runner.ts";
import { temporaryStore } from "../../support/store/temporary-store.ts";

const NOTHING = { rooms: [], steps: [], dropped: [], run: null, limiters: [] };
const WANTED = { lane: "target:free", stage: 1, now: 1, limiters: [] };
const done = { state: "done", outcome: DONE } as const;

async function runOf(store: Store): Promise<Run> {
  return newRun(store, [step("one")], { rooms: [room("!a")] });
}

function takeAs(store: Store, run: Run, holder: string, now = 1_000): Promise<Run | null> {
  return store.runLeases.take(run.id, { holder, now, until: now + 100 });
}

async function takeStep({ steps }: Store, { id, epoch }: Run): Promise<TakenStep> {
  const taken = await steps.takeNext({ runId: id, epoch }, WANTED);
  if (taken === null) throw new Error("nothing to take");
  return taken;
}

describe("a run", () => {
  it("is worked on by one holder, until its lease ends or is given back", async () => {
    const { store } = await temporaryStore();
    const run = await runOf(store);
    const first = await takeAs(store, run, "a");
    expect(first).toMatchObject({ id: run.id, epoch: 1, wasInterrupted: false });
    expect(await takeAs(store, run, "b", 1_099)).toBeNull();
    expect(await takeAs(store, run, "b", 1_100)).toMatchObject({ epoch: 2, wasInterrupted: true });
    await store.runLeases.release({ runId: run.id, epoch: 2 });
    await store.runs.change(run.id, { wasInterrupted: false });
    expect(await takeAs(store, run, "c", 1_101)).toMatchObject({ epoch: 3, wasInterrupted: false });
  });

  it("stays with a holder that extends its lease, and is lost by a holder that was too late", async () => {
    const { store } = await temporaryStore();
    const run = await runOf(store);
    await takeAs(store, run, "a");
    const lease = { runId: run.id, epoch: 1 };
    expect(await store.runLeases.extend([lease], 2_000)).toEqual([]);
    expect(await takeAs(store, run, "b", 1_999)).toBeNull();
    expect(await takeAs(store, run, "b", 2_000)).not.toBeNull();
    expect(await store.runLeases.extend([lease, { runId: 99, epoch: 1 }], 9_000)).toEqual([run.id, 99]);
  });

  it("is free for everybody after the process that held it has ended", async () => {
    const { store, reopen } = await temporaryStore();
    const run = await runOf(store);
    await takeStep(store, (await takeAs(store, run, "a")) ?? run);
    const next = await reopen();
    expect(await next.runLeases.free({ holder: "b", now: 1_001 })).toEqual([run.id]);
    expect(await takeAs(next, run, "b", 1_001)).toMatchObject({ epoch: 2, wasInterrupted: true });
    expect((await next.steps.all(run.id))[0]).toMatchObject({ state: "pending", attempts: 1 });
  });

  it("is not taken while it is not worked on", async () => {
    const { store } = await temporaryStore();
    const run = await runOf(store);
    await store.runs.apply(run.id, "paused");
    expect(await takeAs(store, run, "a")).toBeNull();
    expect(await store.runLeases.free({ holder: "a", now: 1_000 })).toEqual([]);
  });
});

describe("a holder that has lost its lease", () => {
  async function lost(): Promise<{ store: Store; run: Run; taken: TakenStep }> {
    const { store } = await temporaryStore();
    const run = (await takeAs(store, await runOf(store), "a")) ?? (await runOf(store));
    const taken = await takeStep(store, run);
    await takeAs(store, run, "b", 2_000);
    return { store, run, taken };
  }

  it("takes no more steps", async () => {
    const { store, run } = await lost();
    await expect(store.steps.takeNext({ runId: run.id, epoch: run.epoch }, WANTED)).rejects.toThrow(
      LeaseLostError,
    );
  });

  it("records nothing, neither of the step nor of what follows from it", async () => {
    const { store, run, taken } = await lost();
    const limiters = [{ userId: run.target, name: "messages", state: 1 }];
    const follows = { ...NOTHING, rooms: [room("!a", true)], limiters };
    expect(await store.steps.record(taken, done, follows, 1)).toBe(false);
    expect((await store.steps.all(run.id))[0]).toMatchObject({ state: "pending", outcome: null });
    expect((await store.runs.room(run.id, "!a"))?.isJoined).toBe(false);
    expect(await store.limiters.of(run.target)).toEqual([]);
  });

  it("records nothing either when the next holder has taken the same step", async () => {
    const { store, run, taken } = await lost();
    const again = await takeStep(store, { ...run, epoch: run.epoch + 1 });
    expect(await store.steps.record(taken, done, NOTHING, 1)).toBe(false);
    expect(await store.steps.record(again, done, NOTHING, 1)).toBe(true);
  });

  it("writes nothing: the undo record that goes before a write is refused", async () => {
    const { store, taken } = await lost();
    await expect(store.steps.saveUndo(taken, { before: 1 })).rejects.toThrow(LeaseLostError);
  });

  it("neither ends nor revises the run", async () => {
    const { store, run } = await lost();
    expect(await store.runs.apply(run.id, "settled", {}, run.epoch)).toBeNull();
    const revision = { rooms: [], steps: [step("new")], again: [], run: { event: "revised" } } as const;
    expect(await store.steps.revise(run, revision)).toBe(false);
    await expect(store.runs.change(run.id, { stage: 3 }, run.epoch)).rejects.toThrow(LeaseLostError);
    expect(await store.runs.get(run.id)).toMatchObject({ state: "running", stage: 0 });
  });

  it("leaves nothing behind of a person who was forgotten meanwhile", async () => {
    const { store, run, taken } = await lost();
    await store.forget(run.owner);
    const limiters = [{ userId: run.target, name: "messages", state: 1 }];
    expect(await store.steps.record(taken, done, { ...NOTHING, limiters }, 1)).toBe(false);
    expect(await store.limiters.of(run.target)).toEqual([]);
  });
});

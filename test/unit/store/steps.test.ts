import { describe, expect, it } from "vitest";
import type { StepRecord, TakenStep } from "../../../src/model/run.ts";
import type { Consequences } from "../../../src/store/steps.ts";
import type { Store } from "../../../src/store/store.ts";
import { DONE, FAILED, RETRY, newRun, room, statesOf, step } from "../../support/fakes/scripted-runner.ts";
import { temporaryStore } from "../../support/store/temporary-store.ts";

const NOTHING: Consequences = { rooms: [], steps: [], dropped: [], run: null, limiters: [] };
const done: StepRecord = { state: "done", outcome: DONE };
const failed: StepRecord = { state: "failed", outcome: FAILED };

function again(notBefore: number, isCounted = true): StepRecord {
  return { state: "pending", notBefore, waitingFor: "server", outcome: RETRY, isCounted };
}

async function take(
  { steps }: Store,
  runId: number,
  more: { lane?: string; now?: number; stage?: number } = {},
): Promise<TakenStep> {
  const taken = await steps.takeNext(
    { runId, epoch: 0 },
    {
      lane: "target:free",
      stage: 3,
      now: 1_000,
      limiters: [],
      ...more,
    },
  );
  if (taken === null) throw new Error("nothing to take");
  return taken;
}

async function record(
  store: Store,
  taken: TakenStep,
  how: StepRecord,
  more: Partial<Consequences> = {},
): Promise<void> {
  await store.steps.record(taken, how, { ...NOTHING, ...more }, 1_000);
}

it("is found by the kind and the state, for one old account", async () => {
  const { store } = await temporaryStore();
  const run = await newRun(store, [step("a"), step("b"), step("other", { kind: "open_chat" })]);
  await record(store, await take(store, run.id), done);
  await take(store, run.id);
  const { owner, source } = run;
  const keys = async (of: Partial<Parameters<typeof store.steps.ofKinds>[0]>) =>
    (await store.steps.ofKinds({ owner, source, kinds: [step("a").kind], ...of })).map(({ key }) => key);
  expect(await keys({})).toEqual(["a", "b"]);
  expect(await keys({ states: ["pending", "taken"] })).toEqual(["b"]);
  expect(await keys({ source: "@other:old.example" })).toEqual([]);
});

describe("taking a step", () => {
  it("gives the first of its queue by stage and order, once", async () => {
    const { store } = await temporaryStore();
    const { id } = await newRun(store, [
      step("late", { stage: 2 }),
      step("a"),
      step("b"),
      step("other", { side: "source" }),
    ]);
    const keys = [await take(store, id), await take(store, id), await take(store, id)].map(({ key }) => key);
    expect(keys).toEqual(["a", "b", "late"]);
    const none = { lane: "target:free", stage: 3, now: 1_000, limiters: [] };
    expect(await store.steps.takeNext({ runId: id, epoch: 0 }, none)).toBeNull();
  });

  it("gives none of a later stage, none that waits for a time, and none that waits for something else", async () => {
    const { store } = await temporaryStore();
    const { id } = await newRun(store, [
      step("late", { stage: 3 }),
      step("now"),
      step("after", { after: "now" }),
    ]);
    const taken = await take(store, id, { stage: 1 });
    await record(store, taken, again(5_000));
    const ask = { lane: "target:free", stage: 1, limiters: [] };
    expect(await store.steps.takeNext({ runId: id, epoch: 0 }, { ...ask, now: 4_999 })).toBeNull();
    expect((await store.steps.dueTimes(id, 1, 0)).get("target:free")).toBe(5_000);
    expect(await store.steps.takeNext({ runId: id, epoch: 0 }, { ...ask, now: 5_000 })).toMatchObject({
      key: "now",
      attempts: 2,
      failures: 1,
    });
    expect((await store.steps.dueTimes(id, 1, 0)).get("target:free")).toBeUndefined();
  });

  it("gives what the step stored before it wrote, until its outcome says what it did", async () => {
    const { store } = await temporaryStore();
    const { id } = await newRun(store, [step("a")]);
    const taken = await take(store, id);
    expect(taken.savedUndo).toBeNull();
    await store.steps.saveUndo(taken, { before: null });
    await record(store, taken, again(0));
    const second = await take(store, id);
    expect(second.savedUndo).toEqual({ before: null });
    await record(store, second, done);
    expect((await store.steps.all(id)).map(({ savedUndo }) => savedUndo)).toEqual([null]);
  });

  it("notes what its request takes from limits, and nothing where there is no step", async () => {
    const { store } = await temporaryStore();
    const { id } = await newRun(store, [step("a", { limits: ["messages"] })]);
    const ask = { lane: "target:messages", stage: 3, now: 1 };
    const rows = (state: number) => [{ userId: "@me:new.example", name: "messages", state }];
    await store.steps.takeNext({ runId: id, epoch: 0 }, { ...ask, limiters: rows(1) });
    await store.steps.takeNext({ runId: id, epoch: 0 }, { ...ask, limiters: rows(2) });
    expect(await store.limiters.of("@me:new.example")).toEqual(rows(1));
    await store.limiters.forget("@me:new.example");
    expect(await store.limiters.of("@me:new.example")).toEqual([]);
  });
});

describe("recording a try", () => {
  it("counts a failure only where it says something of the step", async () => {
    const { store } = await temporaryStore();
    const { id } = await newRun(store, [step("a")]);
    await record(store, await take(store, id), again(0, false));
    await record(store, await take(store, id), again(0));
    expect(await take(store, id)).toMatchObject({ attempts: 3, failures: 1 });
  });

  it("frees what waited for it, and drops what waited for one that failed", async () => {
    const { store } = await temporaryStore();
    const run = await newRun(store, [
      step("a"),
      step("b"),
      step("after a", { after: "a" }),
      step("after b", { after: "b" }),
    ]);
    await record(store, await take(store, run.id), done);
    await record(store, await take(store, run.id), failed);
    expect(await statesOf(store, run)).toEqual({
      a: "done",
      b: "failed",
      "after a": "pending",
      "after b": "dropped",
    });
    expect((await take(store, run.id)).key).toBe("after a");
  });

  it("frees what waited for the room that it entered", async () => {
    const { store } = await temporaryStore();
    const { id } = await newRun(store, [step("join"), step("tags", { needsRoom: "!a" })], {
      rooms: [room("!a")],
    });
    expect((await store.steps.waitingForRoom(id, "!a")).map(({ key }) => key)).toEqual(["tags"]);
    await record(store, await take(store, id), done, { rooms: [room("!a", true)] });
    expect((await store.runs.room(id, "!a"))?.isJoined).toBe(true);
    expect((await take(store, id)).key).toBe("tags");
  });

  it("adds what comes of it, once, and drops what is not needed", async () => {
    const { store } = await temporaryStore();
    const run = await newRun(store, [step("a"), step("useless", { after: "never" })]);
    await record(store, await take(store, run.id), failed, {
      steps: [step("next"), step("a")],
      dropped: ["useless"],
    });
    // A failed step is tried again if it is planned again.
    expect(await statesOf(store, run)).toEqual({ a: "pending", useless: "dropped", next: "pending" });
  });

  it("changes only a run that is running", async () => {
    const { store } = await temporaryStore();
    const { id } = await newRun(store, [step("a")]);
    const taken = await take(store, id);
    await store.runs.apply(id, "paused");
    await record(store, taken, done, { run: { event: "needs_owner" } });
    expect((await store.runs.get(id))?.state).toBe("paused");
  });

  it("takes up nothing that was dropped while it was under way, but keeps what it did", async () => {
    const { store } = await temporaryStore();
    const run = await newRun(store, [step("a"), step("b")]);
    const [a, b] = [await take(store, run.id), await take(store, run.id)];
    await store.steps.dropPending(run.id);
    await record(store, a, again(0));
    await record(store, b, done);
    expect(await statesOf(store, run)).toEqual({ a: "dropped", b: "done" });
  });

  it("lets no step look older than a room that came in before, though the clock was set back", async () => {
    const { store } = await temporaryStore();
    const { id } = await newRun(store, [step("a")], { rooms: [{ ...room("!a", true), joinedAt: 9_000 }] });
    await record(store, await take(store, id), done);
    expect((await store.steps.all(id))[0]?.finishedAt).toBe(9_000);
  });
});

describe("revising a run", () => {
  it("replaces rooms, adds new ones behind them, and frees what waited", async () => {
    const { store } = await temporaryStore();
    const { id } = await newRun(store, [step("tags", { needsRoom: "!b" })], {
      rooms: [room("!a"), room("!b")],
    });
    const rooms = [room("!c"), room("!b", true)];
    expect(
      await store.steps.revise(
        { id, epoch: 0 },
        {
          rooms,
          steps: [],
          again: [],
          run: { event: "revised", change: { stage: 2 } },
        },
      ),
    ).toBe(true);
    expect((await store.runs.rooms(id)).map(({ roomId, isJoined }) => [roomId, isJoined])).toEqual([
      ["!a", false],
      ["!b", true],
      ["!c", false],
    ]);
    expect((await take(store, id)).key).toBe("tags");
    expect((await store.runs.get(id))?.stage).toBe(2);
  });

  it("changes nothing in a run whose state has changed", async () => {
    const { store } = await temporaryStore();
    const run = await newRun(store, []);
    await store.runs.apply(run.id, "settled");
    const revision = {
      rooms: [room("!a")],
      steps: [step("a")],
      again: [],
      run: { event: "access_changed" },
    } as const;
    expect(await store.steps.revise({ id: run.id, epoch: 0 }, revision)).toBe(false);
    expect([await statesOf(store, run), await store.runs.rooms(run.id)]).toEqual([{}, []]);
    expect((await store.runs.get(run.id))?.state).toBe("over");
  });

  it("repeats only the named steps, as they are planned now", async () => {
    const { store } = await temporaryStore();
    const run = await newRun(store, [step("a"), step("b"), step("c")]);
    for (const how of [done, done, failed]) await record(store, await take(store, run.id), how);
    const planned = { limits: ["messages"], payload: "new", stage: 2, needsRoom: "!a" } as const;
    const revision = { rooms: [room("!a")], run: { event: "revised" } } as const;
    await store.steps.revise(
      { id: run.id, epoch: 0 },
      {
        ...revision,
        steps: [step("a", planned)],
        again: [step("b", planned), step("c", planned)],
      },
    );
    expect(await statesOf(store, run)).toEqual({ a: "done", b: "pending", c: "pending" });
    await store.steps.revise(
      { id: run.id, epoch: 0 },
      { ...revision, rooms: [room("!a", true)], steps: [], again: [] },
    );
    const b = await take(store, run.id, { lane: "target:messages" });
    // The count of tries continues, because the step may have reached a server. The count of
    // failures starts again.
    expect(b).toMatchObject({ key: "b", ...planned, attempts: 2, failures: 0 });
  });
});

describe("looking at steps", () => {
  it("knows whether something can still run, up to a stage", async () => {
    const { store } = await temporaryStore();
    const { id } = await newRun(store, [
      step("a"),
      step("waits", { needsRoom: "!a" }),
      step("late", { stage: 3 }),
    ]);
    const open = async () => [
      await store.steps.hasOpen(id, 0),
      await store.steps.hasOpen(id, 1),
      await store.steps.hasOpen(id, 3),
    ];
    expect(await open()).toEqual([false, true, true]);
    const taken = await take(store, id);
    expect(await open()).toEqual([false, true, true]);
    await record(store, taken, done);
    expect(await open()).toEqual([false, false, true]);
    await store.steps.dropPending(id);
    expect(await open()).toEqual([false, false, false]);
  });

  it("counts them by queue, state and what they wait for", async () => {
    const { store } = await temporaryStore();
    const { id } = await newRun(store, [step("a"), step("b"), step("c", { needsRoom: "!a" }), step("d")]);
    await record(store, await take(store, id), done);
    await record(store, await take(store, id), again(7_000));
    const counts = (await store.steps.counts(id)).map(({ state, isBlocked, waitingFor, notBefore, count }) =>
      [state, isBlocked, waitingFor, notBefore, count].join(" "),
    );
    expect(counts.sort()).toEqual([
      "done false  0 1",
      "pending false  0 1",
      "pending false server 7000 1",
      "pending true  0 1",
    ]);
  });

  it("counts them by whose server is waited for", async () => {
    const { store } = await temporaryStore();
    const { id } = await newRun(store, [step("a"), step("b")]);
    const away = { status: "wait", waitingFor: "server", waitMs: null, problem: null } as const;
    for (const outcome of [away, { ...away, side: "source" as const }])
      await record(store, await take(store, id), { ...again(7_000), outcome });
    const sides = (await store.steps.counts(id)).map(({ waitsForSide }) => waitsForSide);
    expect(new Set(sides)).toEqual(new Set([null, "source"]));
  });

  it("hurries what waits for a time", async () => {
    const { store } = await temporaryStore();
    const { id } = await newRun(store, [step("a")]);
    await record(store, await take(store, id), again(99_000));
    await store.steps.clearRetryDelays(id);
    expect((await take(store, id)).key).toBe("a");
  });
});

import { describe, expect, it } from "vitest";
import { KeyedQueue } from "../../../../src/model/keyed-queue.ts";
import type { Run, RunPurpose } from "../../../../src/model/run.ts";
import { RunControl } from "../../../../src/service/run/control.ts";
import { currentRuns } from "../../../../src/service/run/current-runs.ts";
import { Preparations } from "../../../../src/service/run/preparations.ts";
import { noDeeds } from "../../../support/fakes/move-samples.ts";
import { runStatus } from "../../../support/fakes/scripted-moves.ts";
import { newRun, step } from "../../../support/fakes/scripted-runner.ts";
import { accountsIn } from "../../../support/store/accounts-in.ts";
import { temporaryStore } from "../../../support/store/temporary-store.ts";

const OWNER = "@me:old.example";

async function setUp() {
  const { store } = await temporaryStore();
  const { runs, steps, accounts } = store;
  const queue = new KeyedQueue();
  const begun: number[] = [];
  const ended: number[] = [];
  const changed: string[] = [];
  const control = new RunControl({
    accounts,
    moved: accountsIn(store),
    runs,
    steps,
    limits: { forget: async () => undefined },
    runner: {
      begin: async ({ id }) => void begun.push(id),
      end: async (id) => ended.push(id) !== 2,
    },
    statuses: { of: async ({ purpose, state }) => runStatus({ purpose, state }) },
    summary: { of: async () => ({ summary: noDeeds, failures: [], report: EMPTY_REPORT }) },
    changed: ({ purpose, state }) => void changed.push(`${purpose} ${state}`),
    kept: { of: async () => null, end: async () => null, hurry: async () => null },
    preparations: new Preparations(queue),
    begunChats: {
      endOf: async ({ id }) => {
        const states = (await steps.all(id)).map(({ state }) => state);
        changed.push(`begun chats of run ${id}: ${states.join()}`);
      },
    },
    queue,
    now: () => 1_000,
  });
  const begin = async (purpose: RunPurpose, eventId = `$${purpose}`): Promise<Run> => {
    const first = await newRun(store, [], { owner: "@template:old.example" });
    await runs.apply(first.id, "settled");
    const { id: _, ...template } = first;
    const run = await runs.create(
      { ...template, owner: OWNER, purpose, address: { ...template.address, eventId } },
      { rooms: [], steps: [step("one")], isInPlace: false },
    );
    if (run === null) throw new Error("another one is under way");
    return run;
  };
  /** Makes the only step of a run wait for the daily limit. */
  const waitForDay = async ({ id, epoch }: Run): Promise<void> => {
    const taken = await steps.takeNext(
      { runId: id, epoch },
      { lane: "target:free", stage: 3, now: 1, limiters: [] },
    );
    if (taken === null) throw new Error("nothing to take");
    const outcome = { status: "wait", waitingFor: "daily_limit", waitMs: 5, problem: null } as const;
    const wait = { notBefore: 2_000, waitingFor: "daily_limit", outcome, isCounted: false } as const;
    const consequences = { rooms: [], steps: [], dropped: [], run: null, limiters: [] };
    await steps.record(taken, { state: "pending", ...wait }, consequences, 1);
  };
  return { store, control, begin, waitForDay, begun, ended, changed };
}

const EMPTY_REPORT = {
  schema: 1,
  source: OWNER,
  target: "@me:new.example",
  generatedAt: "2026-01-01T00:00:00Z",
  rooms: [],
  categories: [],
  keys: null,
} as const;

describe("the commands about a move", () => {
  it("pause and resume all runs of the person", async () => {
    const { store, control, begin, begun, ended, changed } = await setUp();
    const move = await begin("move");
    const asking = await begin("ask");
    const other = await newRun(store, [], { owner: "@other:old.example" });
    expect(await control.pause(OWNER)).toMatchObject({
      status: "paused",
      run: { purpose: "move", state: "paused" },
      others: [{ purpose: "ask", state: "paused" }],
      isIdle: false,
    });
    expect([ended, changed]).toEqual([
      [move.id, asking.id],
      ["move paused", "ask paused"],
    ]);
    expect((await control.pause(OWNER)).status).toBe("not_running");
    expect(await control.resume(OWNER)).toMatchObject({
      status: "resumed",
      run: { purpose: "move" },
      others: [{ purpose: "ask" }],
    });
    expect(begun).toEqual([move.id, asking.id]);
    expect((await store.runs.get(other.id))?.state).toBe("running");
  });

  it("pause what runs, and leave alone what waits for the person", async () => {
    const { store, control, begin } = await setUp();
    const move = await begin("move");
    await begin("ask");
    await store.runs.apply(move.id, "needs_owner");
    expect(await control.pause(OWNER)).toMatchObject({ run: { purpose: "ask" }, others: [] });
    expect((await store.runs.get(move.id))?.state).toBe("needs_you");
  });

  it.each(["cancel", "abandon"] as const)("%s a run before its begun chats are ended", async (command) => {
    const { control, begin, changed } = await setUp();
    const { id } = await begin("ask");
    await control[command](OWNER);
    expect(changed).toEqual([`begun chats of run ${id}: dropped`, "ask over"]);
  });

  it("cancel all that is active, and let the move watch", async () => {
    const { store, control, begin } = await setUp();
    const watching = await begin("move");
    await store.runs.apply(watching.id, "settled_with_watch");
    await begin("ask");
    await begin("announce");
    expect(await control.cancel(OWNER)).toMatchObject({
      status: "cancelled",
      run: { purpose: "ask" },
      others: [{ run: { purpose: "announce" } }],
    });
    expect((await store.runs.get(watching.id))?.state).toBe("watching");
    expect(await control.cancel(OWNER)).toMatchObject({ run: { purpose: "move" }, others: [] });
    expect((await control.cancel(OWNER)).status).toBe("no_run");
  });

  it("end all runs when the person signs out", async () => {
    const { store, control, begin } = await setUp();
    await begin("ask");
    await begin("move");
    await control.abandon(OWNER);
    expect(await store.runs.unfinished(OWNER)).toEqual([]);
  });
});

describe("the runs that a person sees", () => {
  it("are the active ones, and the move that watches", async () => {
    const { store, begin } = await setUp();
    const seen = async () => (await currentRuns(OWNER, store.runs)).map(({ purpose }) => purpose);
    expect(await seen()).toEqual([]);
    const asking = await begin("ask");
    const move = await begin("move");
    expect(await seen()).toEqual(["move", "ask"]);
    await store.runs.apply(move.id, "settled_with_watch");
    const part = await begin("joins");
    expect(await seen()).toEqual(["joins", "ask"]);
    await store.runs.apply(part.id, "settled");
    expect(await seen()).toEqual(["move", "ask"]);
    await store.runs.apply(move.id, "cancelled");
    expect(await seen()).toEqual(["ask"]);
    await store.runs.apply(asking.id, "settled");
    expect(await seen()).toEqual(["joins"]);
  });
});

describe("a run", () => {
  it.each<{ title: string; active: RunPurpose; beginning: RunPurpose; hindered: boolean }>([
    { title: "asking beside a move", active: "move", beginning: "ask", hindered: false },
    { title: "a move beside asking", active: "ask", beginning: "move", hindered: false },
    { title: "asking beside asking", active: "ask", beginning: "ask", hindered: true },
    { title: "a part beside a move", active: "move", beginning: "joins", hindered: true },
    { title: "leaving beside a move", active: "move", beginning: "leave", hindered: true },
    { title: "leaving beside an announcement", active: "announce", beginning: "leave", hindered: true },
    { title: "a move beside leaving", active: "leave", beginning: "move", hindered: true },
    { title: "an announcement beside leaving", active: "leave", beginning: "announce", hindered: true },
    { title: "an undo beside renaming", active: "rename", beginning: "undo", hindered: true },
    { title: "renaming beside an undo", active: "undo", beginning: "rename", hindered: true },
    { title: "an undo beside asking", active: "ask", beginning: "undo", hindered: false },
  ])("of $title is hindered: $hindered", async ({ active, beginning, hindered }) => {
    const { control, begin } = await setUp();
    await begin(active);
    expect((await control.active(OWNER, beginning)) !== null).toBe(hindered);
  });

  it("that only waits for the daily limit keeps no other work from beginning", async () => {
    const { control, begin, waitForDay } = await setUp();
    const asking = await begin("ask");
    expect(await control.active(OWNER, "leave")).toMatchObject({ run: { purpose: "ask" } });
    expect(await control.activeRuns(OWNER)).toMatchObject({ underWay: [{ purpose: "ask" }], waiting: [] });
    await waitForDay(asking);
    expect(await control.active(OWNER, "leave")).toBeNull();
    expect(await control.activeRuns(OWNER)).toMatchObject({ underWay: [], waiting: [{ purpose: "ask" }] });
    expect(await control.active(OWNER, "ask")).toBeNull();
    await begin("ask", "$second");
    expect(await control.active(OWNER, "ask")).toMatchObject({ status: "already" });
  });

  it("is found again by the message that has begun it, beside a newer run", async () => {
    const { control, begin } = await setUp();
    await begin("ask", "$asked");
    await begin("move");
    const again = { owner: OWNER, address: { ...(await begin("announce")).address, eventId: "$asked" } };
    expect(await control.refuseIfActive(again, "ask")).toMatchObject({
      status: "started",
      run: { purpose: "ask" },
    });
    const other = { ...again, address: { ...again.address, eventId: "$else" } };
    expect(await control.refuseIfActive(other, "ask")).toMatchObject({ status: "already" });
    expect(await control.refuseIfActive(other, "knock")).toBeNull();
  });
});

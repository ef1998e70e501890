import { describe, expect, it } from "vitest";
import { RUN_EVENTS } from "../../../src/model/run-states.ts";
import type { RunPurpose } from "../../../src/model/run.ts";
import { newRun, room, step } from "../../support/fakes/scripted-runner.ts";
import { temporaryStore } from "../../support/store/temporary-store.ts";

describe("runs", () => {
  it("are stored whole: with their rooms and steps", async () => {
    const { store, reopen } = await temporaryStore();
    const rooms = [room("!b"), room("!a", true)];
    const run = await newRun(store, [step("one"), step("two", { after: "one" })], { rooms });
    const { runs, steps } = await reopen();
    expect(await runs.get(run.id)).toEqual(run);
    expect(run).toMatchObject({
      state: "running",
      stage: 0,
      endedAt: null,
      isCancelled: false,
      problem: null,
      progressCount: 0,
    });
    expect(await runs.rooms(run.id)).toEqual(rooms);
    expect((await steps.all(run.id)).map(({ key }) => key)).toEqual(["one", "two"]);
  });

  it("know the pictures that they have copied, also after a restart, until they are erased", async () => {
    const { store, reopen } = await temporaryStore();
    const run = await newRun(store, []);
    const copies = store.runs.imageCopies(run.id);
    expect(await copies.get("mxc://old/face")).toBeNull();
    await copies.put("mxc://old/face", "mxc://new/first");
    await copies.put("mxc://old/face", "mxc://new/face");
    const { runs, forget } = await reopen();
    expect(await runs.imageCopies(run.id).get("mxc://old/face")).toBe("mxc://new/face");
    expect(await runs.imageCopies(run.id + 1).get("mxc://old/face")).toBeNull();
    await forget(run.owner);
    expect(await runs.imageCopies(run.id).get("mxc://old/face")).toBeNull();
  });

  it("watch rooms that look impossible only where files say who could let the account in", async () => {
    const { store } = await temporaryStore();
    const rooms = [
      { ...room("!waits"), status: "needs_moderator" as const },
      { ...room("!impossible"), route: "impossible" as const, status: "skipped" as const },
      { ...room("!excluded"), route: "excluded" as const, status: "skipped" as const },
    ];
    const watched = async (isFromFile: boolean): Promise<string[]> => {
      const run = await newRun(store, [], { owner: `@${isFromFile}:old.example`, rooms, isFromFile });
      return (await store.runs.watchedRooms(run.id)).map(({ roomId }) => roomId);
    };
    expect(await watched(false)).toEqual(["!waits"]);
    expect(await watched(true)).toEqual(["!waits", "!impossible"]);
  });

  it.each([
    { isFromFile: false, kept: ["!waits"], replaced: ["!waits"] },
    { isFromFile: true, kept: ["!waits", "!impossible"], replaced: ["!waits", "!impossible"] },
  ])("replace what they watch (by files: $isFromFile): $replaced", async ({ isFromFile, kept, replaced }) => {
    const { store } = await temporaryStore();
    const rooms = [
      { ...room("!waits"), status: "needs_moderator" as const },
      { ...room("!impossible"), route: "impossible" as const, status: "skipped" as const },
      { ...room("!done"), status: "done" as const, isJoined: true },
    ];
    const run = await newRun(store, [], { rooms, isFromFile });
    const asked = rooms.map((one) => ({ ...one, route: "knock" as const, status: "failed" as const }));
    expect([...(await store.runs.replaceWatchedRooms(run.id, asked))]).toEqual(kept);
    const now = await store.runs.rooms(run.id);
    expect(now.filter(({ status }) => status === "failed").map(({ roomId }) => roomId)).toEqual(replaced);
  });

  it("are stored whole or not at all", async () => {
    const { store } = await temporaryStore();
    await expect(newRun(store, [step("one")], { rooms: [room("!a"), room("!a")] })).rejects.toThrow("UNIQUE");
    expect(await store.runs.last("@me:old.example")).toBeNull();
  });

  it("take the place of their owner's earlier ones, and of nobody else's", async () => {
    const { store } = await temporaryStore();
    const other = await newRun(store, [], { owner: "@other:old.example" });
    const first = await newRun(store, []);
    await store.runs.apply(first.id, "settled_with_watch");
    const second = await newRun(store, []);
    const states = await Promise.all(
      [other, first, second].map(async ({ id }) => (await store.runs.get(id))?.state),
    );
    expect(states).toEqual(["running", "over", "running"]);
    expect((await store.runs.last("@me:old.example"))?.id).toBe(second.id);
  });

  it.each([
    { state: "running", events: [] },
    { state: "paused", events: ["paused"] },
    { state: "needs_you", events: ["needs_owner"] },
  ] as const)("cannot begin while their owner has one that is $state", async ({ state, events }) => {
    const { store } = await temporaryStore();
    const run = await newRun(store, []);
    for (const event of events) await store.runs.apply(run.id, event);
    expect(await store.runs.active(run.owner, "move")).toMatchObject({ id: run.id, state });
    const next = await store.runs.create(
      { ...run, purpose: "joins" },
      { rooms: [], steps: [step("one")], isInPlace: false },
    );
    expect([next, (await store.runs.last(run.owner))?.id]).toEqual([null, run.id]);
  });

  it("of another track begin beside it, and one of each track", async () => {
    const { store } = await temporaryStore();
    const move = await newRun(store, []);
    const begin = (purpose: RunPurpose) =>
      store.runs.create({ ...move, purpose }, { rooms: [], steps: [], isInPlace: false });
    const asking = await begin("ask");
    expect([await begin("leave"), await begin("undo")]).toEqual([null, null]);
    expect((await begin("announce"))?.state).toBe("running");
    expect(await begin("announce")).toBeNull();
    expect((await store.runs.active(move.owner, "move"))?.id).toBe(move.id);
    expect((await store.runs.active(move.owner, "ask"))?.id).toBe(asking?.id);
    expect(await store.runs.active(move.owner, "knock")).toBeNull();
  });

  it.each(["ask", "direct_chats"] as const)(
    "of %s begin, and go on, beside one of the same track, which may wait for a day",
    async (purpose) => {
      const { store } = await temporaryStore();
      const move = await newRun(store, []);
      const begin = () => store.runs.create({ ...move, purpose }, { rooms: [], steps: [], isInPlace: false });
      const first = await begin();
      await store.runs.apply(first?.id ?? 0, "settled_with_watch", { endedAt: 9 });
      expect((await begin())?.state).toBe("running");
      expect((await begin())?.state).toBe("running");
      expect(await store.runs.apply(first?.id ?? 0, "access_changed")).toMatchObject({ state: "running" });
    },
  );

  it("that watch become active beside an active run of another track", async () => {
    const { store } = await temporaryStore();
    const watching = await newRun(store, []);
    await store.runs.apply(watching.id, "settled_with_watch", { endedAt: 9 });
    await store.runs.create({ ...watching, purpose: "ask" }, { rooms: [], steps: [], isInPlace: false });
    expect(await store.runs.apply(watching.id, "access_changed")).toMatchObject({ state: "running" });
  });

  it("are found by owner, by accounts, and by state", async () => {
    const { store } = await temporaryStore();
    const first = await newRun(store, []);
    await store.runs.apply(first.id, "settled");
    const second = await newRun(store, []);
    expect((await store.runs.between(first.owner, first.source, first.target)).map(({ id }) => id)).toEqual([
      first.id,
      second.id,
    ]);
    expect(await store.runs.between(first.owner, first.source, "@else:new.example")).toEqual([]);
    expect((await store.runs.inState("running", "paused")).map(({ id }) => id)).toEqual([second.id]);
    expect([await store.runs.last("@nobody:old.example"), await store.runs.get(99)]).toEqual([null, null]);
  });

  it("are changed in what is said, and in nothing else", async () => {
    const { store } = await temporaryStore();
    const run = await newRun(store, []);
    const problem = {
      side: "source",
      problem: { code: "session_ended", serverText: null },
      since: 5,
    } as const;
    const change = {
      stage: 2,
      endedAt: 9,
      isCancelled: true,
      wasInterrupted: true,
      problem,
      progressCount: 3,
    } as const;
    await store.runs.change(run.id, change);
    expect(await store.runs.get(run.id)).toEqual({ ...run, ...change });
    await store.runs.change(run.id, { problem: null });
    expect(await store.runs.get(run.id)).toMatchObject({ stage: 2, problem: null });
    await store.runs.change(run.id, {});
  });

  it("move to the state that follows from an event, together with the other changes", async () => {
    const { store } = await temporaryStore();
    const run = await newRun(store, []);
    const watching = { ...run, state: "watching", endedAt: 9 };
    expect(await store.runs.apply(run.id, "settled_with_watch", { endedAt: 9 })).toEqual(watching);
    expect(await store.runs.get(run.id)).toEqual(watching);
  });

  it("stay as they are where an event does not apply", async () => {
    const { store } = await temporaryStore();
    const { id } = await newRun(store, []);
    const paused = await store.runs.apply(id, "paused");
    expect(await store.runs.apply(id, "settled", { endedAt: 9 })).toBeNull();
    expect(await store.runs.get(id)).toEqual(paused);
    expect(await store.runs.apply(99, "paused")).toBeNull();
  });

  it.each(RUN_EVENTS)("that are over stay over, whatever happens (%s)", async (event) => {
    const { store } = await temporaryStore();
    const run = await newRun(store, []);
    const over = await store.runs.apply(run.id, "settled", { endedAt: 9 });
    expect(await store.runs.apply(run.id, event, { endedAt: 10, isCancelled: true })).toBeNull();
    const revision = { rooms: [], steps: [], again: [], run: { event } };
    expect(await store.steps.revise(run, revision)).toBe(false);
    expect(await store.runs.get(run.id)).toEqual(over);
  });

  it("that watch do not become active beside another active run of their owner", async () => {
    const { store } = await temporaryStore();
    const watching = await newRun(store, []);
    await store.runs.apply(watching.id, "settled_with_watch", { endedAt: 9 });
    const { id: _, ...same } = { ...watching, purpose: "joins" as const };
    const part = await store.runs.create(same, { rooms: [], steps: [], isInPlace: false });
    expect(await store.runs.apply(watching.id, "access_changed")).toBeNull();
    await store.runs.apply(part?.id ?? 0, "settled", { endedAt: 10 });
    expect(await store.runs.apply(watching.id, "access_changed")).toMatchObject({ state: "running" });
  });

  it("return the rooms that a query asks for", async () => {
    const { store } = await temporaryStore();
    const rooms = [
      room("!in", true),
      room("!out"),
      { ...room("!upgraded"), route: "successor" as const },
      { ...room("!replacement", true), isReplacement: true },
    ];
    const { id } = await newRun(store, [], { rooms });
    expect(await store.runs.room(id, "!out")).toEqual(rooms[1]);
    expect(await store.runs.room(id, "!none")).toBeNull();
    expect([...(await store.runs.joinedRooms(id))].sort()).toEqual(["!in", "!replacement"]);
    expect((await store.runs.replacedRooms(id)).map(({ roomId }) => roomId)).toEqual(["!upgraded"]);
    expect([...(await store.runs.roomCounts(id))].sort()).toEqual([
      ["done", 1],
      ["planned", 2],
    ]);
  });

  it("go with their owner, steps, rooms and all", async () => {
    const { store } = await temporaryStore();
    const { id, owner } = await newRun(store, [step("one")], { rooms: [room("!a")] });
    await store.forget(owner);
    expect([await store.runs.get(id), await store.runs.rooms(id), await store.steps.all(id)]).toEqual([
      null,
      [],
      [],
    ]);
  });
});

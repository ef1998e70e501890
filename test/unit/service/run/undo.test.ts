import { describe, expect, it } from "vitest";
import { laneOf } from "../../../../src/model/lanes.ts";
import type { Run } from "../../../../src/model/run.ts";
import type { StayReasons } from "../../../../src/model/stay-reason.ts";
import type { StepOutcome } from "../../../../src/model/step-outcome.ts";
import type { PlannedStep, StepKind } from "../../../../src/model/step.ts";
import { stages } from "../../../../src/model/step.ts";
import { runRoom } from "../../../../src/platforms/matrix/runs/room-of-run.ts";
import type { Store } from "../../../../src/store/store.ts";
import { DONE, newRun, step } from "../../../support/fakes/scripted-runner.ts";
import { confirmedUndo, undoPlanner } from "../../../support/fakes/undo-planner.ts";
import { plan, sketchRoom } from "../../../support/plans/planned-rooms.ts";
import { temporaryStore } from "../../../support/store/temporary-store.ts";

const OWNER = "@me:old.example";
const rooms = plan(["!a", "!b", "!c"].map((roomId) => sketchRoom({ roomId }))).rooms.map((room) =>
  runRoom(room, { isReplacement: false }),
);

interface WrittenStep {
  kind: StepKind;
  roomId?: string;
  outcome: StepOutcome;
  /** The undo record that was stored before the write. */
  savedUndo?: unknown;
  /** The run ended before its outcome was known. */
  isDropped?: boolean;
  payload?: unknown;
  limits?: PlannedStep["limits"];
}

const problem = { code: "refused", serverText: null } as const;
const wrote = (undo: unknown): StepOutcome => ({ status: "done", undo });

/** Stores a run that has done these steps and is over. */
async function ran(
  store: Store,
  summary: readonly WrittenStep[],
  key = (deed: WrittenStep) => `${deed.kind}:${deed.roomId ?? ""}`,
): Promise<Run> {
  const steps = summary.map((deed) => {
    const { kind, roomId = null, limits = [], payload = { payload: kind } } = deed;
    return step(key(deed), { kind, roomId, limits, payload });
  });
  const run = await newRun(store, steps, { rooms });
  for (const { kind, outcome, savedUndo = null, isDropped = false, limits = [] } of summary) {
    const lane = laneOf({ kind, side: "target", limits });
    const nothing = { rooms: [], steps: [], dropped: [], run: null, limiters: [] };
    const taken = await store.steps.takeNext(
      { runId: run.id, epoch: 0 },
      { lane, stage: 3, now: 1, limiters: [] },
    );
    if (taken === null) throw new Error("nothing to take");
    await store.steps.saveUndo(taken, savedUndo);
    if (isDropped) continue;
    await store.steps.record(
      taken,
      { state: outcome.status === "failed" ? "failed" : "done", outcome },
      nothing,
      1,
    );
  }
  await store.steps.dropPending(run.id);
  await store.runs.apply(run.id, "settled");
  return run;
}

async function planned(store: Store): Promise<string[]> {
  const undo = await confirmedUndo(undoPlanner(store), OWNER);
  return undo?.steps.map(({ key, payload }) => `${key} ${JSON.stringify(payload)}`) ?? [];
}

describe("taking back", () => {
  it("is nothing where there was no run, or none that did something", async () => {
    const { store } = await temporaryStore();
    const planner = undoPlanner(store);
    expect(await planner.preview(OWNER)).toEqual({ status: "nothing_to_undo" });
    await ran(store, [{ kind: "tags", outcome: { status: "already_done" } }]);
    expect(await planner.preview(OWNER)).toEqual({ status: "nothing_to_undo" });
    expect(await planner.plan(OWNER, { shown: "anything", leavesAnyway: true })).toEqual({
      status: "nothing_to_undo",
    });
  });

  it("shows what it can take back, and what it cannot", async () => {
    const { store } = await temporaryStore();
    await ran(store, [
      { kind: "invite", roomId: "!a", outcome: wrote({ roomId: "!a" }) },
      { kind: "invite", roomId: "!b", outcome: wrote({ roomId: "!b" }) },
      { kind: "join_invited", roomId: "!b", outcome: wrote({ roomId: "!b" }) },
      { kind: "knock", roomId: "!c", outcome: { status: "needs_moderator" } },
      { kind: "tags", roomId: "!b", outcome: wrote({}) },
      { kind: "room_setting", outcome: { status: "already_done" } },
      { kind: "read_marker", roomId: "!b", outcome: DONE },
    ]);
    const [a, b, c] = rooms.map(({ planned }) => planned.row);
    expect(await undoPlanner(store).preview(OWNER)).toEqual({
      status: "possible",
      invitations: [a],
      joins: [b],
      knocks: [c],
      renamed: { isEverywhere: false, rooms: 0 },
      hasMentionRule: false,
      lastingContact: { messages: 0, chats: 0, left: 0 },
      kept: [],
      canUndoRest: true,
      shown: expect.any(String) as string,
      written: [{ category: "tags", count: 1 }],
      lasting: [{ category: "read_markers", count: 1 }],
    });
  });

  it("takes the rule for mentions back, and lists what reached other people as what stays", async () => {
    const { store } = await temporaryStore();
    await ran(store, [
      { kind: "mention_rule", outcome: wrote({ oldUserId: OWNER, wasOn: false }), payload: { isOff: false } },
      { kind: "send_message", roomId: "!a", outcome: wrote({}) },
      { kind: "send_message", roomId: "!b", outcome: wrote({}) },
      { kind: "open_chat", outcome: wrote({ roomId: "!chat" }) },
      { kind: "drop_power", roomId: "!c", outcome: DONE },
      { kind: "leave_room", roomId: "!c", outcome: DONE },
    ]);
    const planner = undoPlanner(store);
    expect(await planner.preview(OWNER)).toMatchObject({
      hasMentionRule: true,
      lastingContact: { messages: 2, chats: 1, left: 1 },
      written: [],
      lasting: [],
    });
    const undo = await confirmedUndo(planner, OWNER);
    expect(undo?.steps.map(({ key }) => key)).toEqual(["undo:1:mention_rule:"]);
    await ran(store, [
      { kind: "mention_rule", outcome: wrote({ oldUserId: OWNER, wasOn: true }), payload: { isOff: true } },
    ]);
    expect(await planner.preview(OWNER)).toMatchObject({ hasMentionRule: false });
  });

  it("brings back the names of the old account, and what a global one has overwritten in rooms", async () => {
    const { store } = await temporaryStore();
    const rename = { name: "Mo (now)", shown: "Mo", former: "Mo" };
    const chef = { roomId: "!a", former: "Chef", avatar: null };
    const undo = { name: "Mo (now)", former: "Mo" };
    await ran(store, [
      { kind: "rename_profile", outcome: wrote(undo), payload: { ...rename, rooms: [chef] } },
      {
        kind: "rename_room",
        outcome: wrote({ roomId: "!b", ...undo }),
        payload: { roomId: "!b", ...rename },
      },
    ]);
    const preview = await undoPlanner(store).preview(OWNER);
    expect(preview).toMatchObject({ renamed: { isEverywhere: true, rooms: 1 }, written: [], lasting: [] });
    const found = await confirmedUndo(undoPlanner(store), OWNER);
    expect(found?.steps).toMatchObject([
      { key: "undo:1:rename_room:", payload: { undo: { roomId: "!b", ...undo } } },
      { key: "undo:1:rename_profile:", payload: { undo } },
      {
        ...{ key: "undo:1:rename_profile: !a", side: "source", stage: stages.last },
        payload: { kind: "rename_room", undo: { roomId: "!a", former: "Chef", everywhere: "Mo" } },
      },
    ]);
  });

  it("keeps an invitation that is the last way into a room, unless the person confirms that", async () => {
    const { store } = await temporaryStore();
    await ran(store, [
      { kind: "invite", roomId: "!a", outcome: wrote({ roomId: "!a" }) },
      { kind: "invite", roomId: "!b", outcome: wrote({ roomId: "!b" }) },
    ]);
    const planner = undoPlanner(store, () => new Map([["!a", "source_not_joined"]]));
    const [a, b] = rooms.map(({ planned: { row } }) => row);
    expect(await planner.preview(OWNER)).toMatchObject({
      invitations: [b],
      kept: [{ room: a, reason: "source_not_joined" }],
    });
    const plain = await confirmedUndo(planner, OWNER);
    expect(plain?.steps.map(({ key }) => key)).toEqual(["undo:1:invite:!b"]);
    const whole = await confirmedUndo(planner, OWNER, true);
    expect(whole?.steps.map(({ payload }) => payload)).toContainEqual({
      kind: "invite",
      undo: { roomId: "!a", leavesAnyway: true },
    });
  });

  it("does not touch rooms that would miss the new account, unless the person confirms that", async () => {
    const { store } = await temporaryStore();
    await ran(store, [
      { kind: "join", roomId: "!a", outcome: wrote({ roomId: "!a" }) },
      { kind: "power_level", roomId: "!a", limits: ["messages"], outcome: wrote({ roomId: "!a" }) },
      { kind: "tags", roomId: "!a", outcome: wrote("tags") },
      { kind: "join", roomId: "!b", outcome: wrote({ roomId: "!b" }) },
    ]);
    const planner = undoPlanner(store, () => new Map([["!a", "source_not_joined"]]));
    const [a, b] = rooms.map(({ planned: { row } }) => row);
    expect(await planner.preview(OWNER)).toMatchObject({
      joins: [b],
      kept: [{ room: a, reason: "source_not_joined" }],
      written: [{ category: "tags", count: 1 }],
      canUndoRest: true,
    });
    const plain = await confirmedUndo(planner, OWNER);
    expect(plain?.steps.map(({ key }) => key)).toEqual(["undo:1:join:!b", "undo:1:tags:!a"]);
    const whole = await confirmedUndo(planner, OWNER, true);
    expect(whole?.steps.map(({ key, payload }) => [key, payload])).toEqual([
      ["undo:1:join:!b", { kind: "join", undo: { roomId: "!b" } }],
      ["undo:1:tags:!a", { kind: "tags", undo: "tags" }],
      ["undo:1:power_level:!a", { kind: "power_level", undo: { roomId: "!a", leavesAnyway: true } }],
      ["undo:1:join:!a", { kind: "join", undo: { roomId: "!a", leavesAnyway: true } }],
    ]);
  });

  it("is void when something has changed since it was shown", async () => {
    const { store } = await temporaryStore();
    await ran(store, [{ kind: "join", roomId: "!a", outcome: wrote({ roomId: "!a" }) }]);
    let stayReasons: StayReasons = new Map();
    const planner = undoPlanner(store, () => stayReasons);
    const seen = await planner.preview(OWNER);
    if (seen.status !== "possible") throw new Error(seen.status);
    const confirmed = { shown: seen.shown, leavesAnyway: true };
    expect(await planner.plan(OWNER, confirmed)).toMatchObject({ status: "planned" });
    stayReasons = new Map([["!a", "last_admin"]]);
    expect(await planner.plan(OWNER, confirmed)).toMatchObject({
      status: "possible",
      kept: [{ reason: "last_admin" }],
      canUndoRest: false,
    });
    stayReasons = new Map();
    await ran(store, [{ kind: "join", roomId: "!b", outcome: wrote({ roomId: "!b" }) }]);
    expect(await planner.plan(OWNER, confirmed)).toMatchObject({ status: "possible", joins: [{}, {}] });
    expect(await planner.plan(OWNER, { shown: "", leavesAnyway: false })).toMatchObject({
      status: "possible",
    });
  });

  it("goes backwards, and leaves rooms last", async () => {
    const { store } = await temporaryStore();
    await ran(store, [
      { kind: "join", roomId: "!a", outcome: wrote({ roomId: "!a" }) },
      { kind: "tags", roomId: "!a", outcome: wrote("tags") },
      { kind: "account_data", outcome: wrote("data") },
    ]);
    const undo = await confirmedUndo(undoPlanner(store), OWNER);
    expect(undo?.steps.map(({ key, stage, limits, side }) => [key, stage, limits, side])).toEqual([
      ["undo:1:account_data:", stages.rooms, [], "target"],
      ["undo:1:tags:!a", stages.rooms, [], "target"],
      ["undo:1:join:!a", stages.settings, ["messages"], "target"],
    ]);
  });

  it("takes from the limit on messages what was taken from it when it was written", async () => {
    const { store } = await temporaryStore();
    await ran(store, [{ kind: "power_level", roomId: "!a", limits: ["messages"], outcome: wrote({}) }]);
    expect((await confirmedUndo(undoPlanner(store), OWNER))?.steps.map(({ limits }) => limits)).toEqual([
      ["messages"],
    ]);
  });

  it("knows what may have been written by what was stored before, where the run ended or the step failed before its answer came", async () => {
    const { store } = await temporaryStore();
    await ran(store, [
      { kind: "join", roomId: "!a", outcome: DONE, savedUndo: { roomId: "!a" }, isDropped: true },
      { kind: "tags", roomId: "!a", outcome: { status: "failed", problem }, savedUndo: "tags" },
      { kind: "push_rules", outcome: { status: "failed", problem, undo: "part" }, savedUndo: "all" },
      { kind: "join", roomId: "!b", outcome: { status: "failed", problem } },
      // Somebody else did this.
      { kind: "join", roomId: "!c", outcome: { status: "already_done" }, savedUndo: { roomId: "!c" } },
    ]);
    expect(await planned(store)).toEqual([
      'undo:1:push_rules: {"kind":"push_rules","undo":"part"}',
      'undo:1:tags:!a {"kind":"tags","undo":"tags"}',
      'undo:1:join:!a {"kind":"join","undo":{"roomId":"!a"}}',
    ]);
  });

  it("takes back nothing of a picture that was copied and never set", async () => {
    const { store } = await temporaryStore();
    const savedUndo = { key: "avatar_url", value: "mxc://new/copy", before: null, isWritten: false };
    await ran(store, [
      { kind: "profile_field", outcome: { status: "already_done" }, savedUndo, isDropped: true },
    ]);
    expect(await planned(store)).toEqual([]);
  });

  describe("of the profile", () => {
    const NAME = { key: "displayname", value: "Ada", before: "me" };
    const changed = { kind: "profile_field", payload: NAME, outcome: wrote(NAME) } as const;
    const kept = (displayName: string, outcome: StepOutcome = { status: "already_done" }): WrittenStep => ({
      kind: "kept_room_profile",
      payload: { roomId: "!own", displayName },
      outcome,
    });

    it("ends with the new account's own names in rooms, the latest of each room", async () => {
      const { store } = await temporaryStore();
      await ran(store, [changed, kept("Captain", wrote("anything"))]);
      await ran(store, [changed, { ...kept("Chef"), isDropped: true }]);
      const undo = await confirmedUndo(undoPlanner(store), OWNER);
      expect(undo?.steps.map(({ key, stage }) => [key, stage])).toEqual([
        ["undo:2:kept_room_profile:", stages.last],
        ["undo:2:profile_field:", stages.rooms],
        ["undo:1:profile_field:", stages.rooms],
      ]);
      expect(undo?.steps[0]?.payload).toEqual({
        kind: "kept_room_profile",
        undo: { roomId: "!own", displayName: "Chef" },
      });
    });

    it("counts the fields and not the names that stay", async () => {
      const { store } = await temporaryStore();
      await ran(store, [changed, kept("Captain", wrote("anything"))]);
      expect(await undoPlanner(store).preview(OWNER)).toMatchObject({
        written: [{ category: "profile", count: 1 }],
        lasting: [],
      });
    });

    it("is nothing where the profile was not written", async () => {
      const { store } = await temporaryStore();
      await ran(store, [{ ...changed, outcome: { status: "already_done" } }, kept("Captain")]);
      expect(await undoPlanner(store).preview(OWNER)).toEqual({ status: "nothing_to_undo" });
    });
  });

  it("takes back the part that a step did before it failed, and nothing of one that did nothing", async () => {
    const { store } = await temporaryStore();
    await ran(store, [
      { kind: "push_rules", outcome: { status: "failed", problem, undo: "part" } },
      { kind: "join", roomId: "!a", outcome: { status: "failed", problem } },
    ]);
    expect(await planned(store)).toEqual(['undo:1:push_rules: {"kind":"push_rules","undo":"part"}']);
  });

  it("takes back nothing twice, and again what failed to be taken back", async () => {
    const { store } = await temporaryStore();
    await ran(store, [
      { kind: "tags", roomId: "!a", outcome: wrote("a") },
      { kind: "tags", roomId: "!b", outcome: wrote("b") },
    ]);
    const undone = await ran(
      store,
      [
        { kind: "undo", roomId: "!a", outcome: { status: "already_done" } },
        { kind: "undo", roomId: "!b", outcome: { status: "failed", problem } },
      ],
      ({ roomId }) => `undo:1:tags:${roomId ?? ""}`,
    );
    expect(undone.id).toBe(2);
    expect(await planned(store)).toEqual(['undo:1:tags:!b {"kind":"tags","undo":"b"}']);
  });

  it("takes back what all runs between the two accounts did, newest first, each by itself", async () => {
    const { store } = await temporaryStore();
    await ran(store, [{ kind: "direct_chats", outcome: wrote("first") }]);
    await ran(store, [{ kind: "direct_chats", outcome: wrote("second") }]);
    expect(await planned(store)).toEqual([
      'undo:2:direct_chats: {"kind":"direct_chats","undo":"second"}',
      'undo:1:direct_chats: {"kind":"direct_chats","undo":"first"}',
    ]);
  });
});

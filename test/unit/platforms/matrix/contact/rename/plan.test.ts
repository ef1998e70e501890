import { describe, expect, it } from "vitest";
import type { StepOfRun } from "../../../../../../src/model/run.ts";
import type { PlannedStep } from "../../../../../../src/model/step.ts";
import {
  givenNamesOf,
  withFormerNames,
} from "../../../../../../src/platforms/matrix/contact/rename/given-names.ts";
import { planRenaming } from "../../../../../../src/platforms/matrix/contact/rename/plan.ts";
import type { RoomProfile } from "../../../../../../src/platforms/matrix/reading/account-reading.ts";
import type { RenameOrder } from "../../../../../../src/platforms/telling.ts";
import { contactTexts } from "../../../../../../src/view/contact/texts.ts";
import { SOURCE, TARGET, plan, sketchRoom } from "../../../../../support/plans/planned-rooms.ts";
import { oldAccount } from "../../categories/contents-sketch.ts";

const [A, B, C] = ["!a:old.example", "!b:old.example", "!c:old.example"] as const;
const FACE = "mxc://old.example/face";
const CAT = "mxc://old.example/cat";
const GIVEN = `Mo (now ${TARGET})`;

interface Sketch {
  name?: string | null;
  rooms?: Record<string, Partial<RoomProfile>>;
  canRename?: boolean;
  /** Steps of earlier runs. */
  given?: readonly StepOfRun[];
}

const inRooms = (...names: string[]): Record<string, Partial<RoomProfile>> =>
  Object.fromEntries(
    [A, B, C].map((roomId, at) => [roomId, { displayName: names[at] ?? "Mo", avatarUrl: FACE }]),
  );

function proposed(sketch: Sketch, order: Partial<RenameOrder> = {}) {
  const { name = "Mo", rooms = inRooms(), canRename = true, given = [] } = sketch;
  const account = oldAccount({
    profile: { displayName: name, avatarUrl: FACE },
    roomProfiles: rooms,
    capabilities: { canSetDisplayName: canRename },
  });
  const snapshots = [A, B, C].map((roomId) => sketchRoom({ roomId }));
  const snapshot = { rooms: new Map(snapshots.map((room) => [room.roomId, room])) };
  const givenNames = givenNamesOf(given);
  return planRenaming(
    {
      parties: { sourceUserId: SOURCE, targetUserId: TARGET, botUserIds: new Set() },
      readings: { source: withFormerNames(account, givenNames, TARGET) },
      shown: { ...account, snapshot },
      givenNames,
      decided: plan(snapshots),
    },
    { name: null, rooms: [], undo: false, ...order },
    { texts: contactTexts },
  );
}

function changes(sketch: Sketch, order: Partial<RenameOrder> = {}) {
  const { facts } = proposed(sketch, order);
  return {
    account: facts.account && [facts.account.from, facts.account.to],
    rooms: facts.named.map(({ room, from, to }) => [room.roomId, from, to]),
    left: facts.left ?? facts.leftRooms.map(({ room, why }) => [room.roomId, why]),
  };
}

/** The steps of a proposal as steps of a run that has done them. */
function done(steps: readonly PlannedStep[], runId: number): StepOfRun[] {
  return steps.map((step) => ({ ...step, runId }));
}

describe("a new name of the old account", () => {
  it.each<{ name: string; sketch?: Sketch; order?: Partial<RenameOrder>; expected: object }>([
    { name: "has the ID of the new one", expected: { account: ["Mo", GIVEN] } },
    {
      name: "may be typed",
      order: { name: "{name} → {new}" },
      expected: { account: ["Mo", `Mo → ${TARGET}`] },
    },
    {
      name: "begins with the ID if there is no name",
      sketch: { name: null },
      expected: { account: [null, `${SOURCE} (now ${TARGET})`] },
    },
    {
      name: "is left if it has the ID",
      sketch: { name: `M ${TARGET}` },
      expected: { account: null, left: "has_id" },
    },
    {
      name: "is changed by a typed one even then",
      sketch: { name: `M ${TARGET}` },
      order: { name: "M" },
      expected: { account: [`M ${TARGET}`, "M"] },
    },
    {
      name: "is left if it is the typed one",
      order: { name: " Mo " },
      expected: { account: null, left: "same" },
    },
    { name: "is not empty", order: { name: "" }, expected: { account: null, left: "length" } },
    {
      name: "is not too long",
      order: { name: "x".repeat(257) },
      expected: { account: null, left: "length" },
    },
    {
      name: "is not tried where the server allows none",
      sketch: { canRename: false },
      expected: { account: null, left: "not_allowed" },
    },
    {
      name: "is given in named rooms alone, from the name there",
      sketch: { rooms: inRooms("Chef", `Cook ${TARGET}`) },
      order: { rooms: [A, B, C] },
      expected: {
        account: null,
        rooms: [
          [A, "Chef", `Chef (now ${TARGET})`],
          [C, "Mo", GIVEN],
        ],
        left: [[B, "has_id"]],
      },
    },
    {
      name: "is not given in a room that the account is not in",
      sketch: { rooms: {} },
      order: { rooms: [A] },
      expected: { rooms: [], left: [[A, "not_in_room"]] },
    },
  ])("$name", ({ sketch = {}, order, expected }) => {
    expect(changes(sketch, order)).toMatchObject(expected);
  });

  it("is one step of the old account that remembers what the server overwrites in rooms", () => {
    const rooms = { ...inRooms("Chef"), [B]: { displayName: "Mo", avatarUrl: CAT } };
    const { facts, steps } = proposed({ rooms });
    expect(facts.account).toEqual({ from: "Mo", to: GIVEN, rooms: 3, overwritten: 2 });
    expect(steps).toMatchObject([
      {
        ...{ key: "rename_profile", kind: "rename_profile", side: "source", limits: ["messages"] },
        payload: {
          ...{ name: GIVEN, shown: "Mo", former: "Mo" },
          rooms: [
            { roomId: A, former: "Chef", avatar: null },
            { roomId: B, former: "Mo", avatar: { own: CAT, over: FACE } },
          ],
        },
      },
    ]);
  });

  it("still knows the former names when a second one follows", () => {
    const first = done(proposed({ rooms: inRooms("Chef") }).steps, 1);
    const second = proposed(
      { name: GIVEN, rooms: inRooms(GIVEN, GIVEN, GIVEN), given: first },
      { name: "{name}!" },
    );
    expect(second.steps).toMatchObject([
      { payload: { name: "Mo!", shown: GIVEN, former: "Mo", rooms: [{ roomId: A, former: "Chef" }] } },
    ]);
  });
});

describe("the way back", () => {
  const everywhere = done(proposed({ rooms: inRooms("Chef") }).steps, 7);
  const renamed = { name: GIVEN, rooms: inRooms(GIVEN, GIVEN, GIVEN) };
  const inOne = done(proposed({ rooms: inRooms("Chef") }, { rooms: [A] }).steps, 8);
  const chef = `Chef (now ${TARGET})`;

  it.each<{ name: string; sketch: Sketch; order?: Partial<RenameOrder>; expected: object }>([
    {
      name: "brings back the name, and the one of a room that was overwritten",
      sketch: { ...renamed, given: everywhere },
      expected: { account: [GIVEN, "Mo"], rooms: [[A, GIVEN, "Chef"]] },
    },
    {
      name: "brings back the name of a single room",
      sketch: { rooms: inRooms(chef), given: inOne },
      expected: { account: null, rooms: [[A, chef, "Chef"]] },
    },
    {
      name: "is only about the rooms that are named",
      sketch: { ...renamed, given: everywhere },
      order: { rooms: [B, C] },
      expected: {
        account: null,
        rooms: [
          [B, GIVEN, "Mo"],
          [C, GIVEN, "Mo"],
        ],
      },
    },
    {
      name: "leaves a name that somebody has changed since",
      sketch: { ...renamed, name: "Mo B.", given: everywhere },
      expected: { account: null, rooms: [], left: "changed_since" },
    },
    {
      name: "leaves the name of a room that somebody has changed since",
      sketch: { rooms: inRooms("Cook"), given: inOne },
      order: { rooms: [A, B] },
      expected: {
        rooms: [],
        left: [
          [A, "changed_since"],
          [B, "nothing_to_undo"],
        ],
      },
    },
    { name: "is nothing where no name was given", sketch: {}, expected: { left: "nothing_to_undo" } },
    {
      name: "is nothing the second time",
      sketch: { given: everywhere },
      expected: { left: "nothing_to_undo" },
    },
    {
      name: "is not tried where the server allows no change",
      sketch: { ...renamed, given: everywhere, canRename: false },
      expected: { account: null, left: "not_allowed" },
    },
  ])("$name", ({ sketch, order, expected }) => {
    expect(changes(sketch, { undo: true, ...order })).toMatchObject(expected);
  });

  it("undoes the steps that gave the names, as an undo of the move would", () => {
    const { steps } = proposed({ ...renamed, given: everywhere }, { undo: true });
    expect(steps).toMatchObject([
      {
        ...{ key: "undo:7:rename_profile", kind: "undo", side: "source", stage: 1 },
        payload: { kind: "rename_profile", undo: { name: GIVEN, former: "Mo" } },
      },
      {
        ...{ key: `undo:7:rename_profile ${A}`, kind: "undo", side: "source", stage: 3 },
        payload: { kind: "rename_room", undo: { roomId: A, name: GIVEN, former: "Chef", everywhere: "Mo" } },
      },
    ]);
    const [step] = proposed({ rooms: inRooms(chef), given: inOne }, { undo: true }).steps;
    expect(step?.key).toBe(`undo:8:rename_room:${A}`);
  });
});

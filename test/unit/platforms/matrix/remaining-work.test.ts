import { describe, expect, it } from "vitest";
import type { CategoryName } from "../../../../src/model/categories.ts";
import type { RemainingWork } from "../../../../src/model/remaining-work.ts";
import { compareContents } from "../../../../src/platforms/matrix/categories/registry.ts";
import { roomMapping } from "../../../../src/platforms/matrix/planning/room-mapping.ts";
import { remainingWork } from "../../../../src/platforms/matrix/remaining-work.ts";
import type { RoomSketch } from "../../../support/plans/planned-rooms.ts";
import { ADMIN, SOURCE, TARGET, plan, sketchRoom, targetRoom } from "../../../support/plans/planned-rooms.ts";
import type { ContentsSketch } from "./categories/contents-sketch.ts";
import { newAccount, oldAccount } from "./categories/contents-sketch.ts";

const MODERATOR = 50;
const powers = (source: number, more: Record<string, unknown> = {}) => ({
  users: { [ADMIN]: 100, [SOURCE]: source },
  ...more,
});

/** The target is in the room and has its level. */
const inside: RoomSketch = {
  roomId: "!inside:old.example",
  target: "join",
  levels: { users: { [ADMIN]: 100, [SOURCE]: MODERATOR, [TARGET]: MODERATOR } },
};
/** A moderator must let the target in. After that the source can give it its level. */
const waiting: RoomSketch = {
  roomId: "!waiting:old.example",
  levels: powers(MODERATOR, { invite: 100, events: { "m.room.power_levels": MODERATOR } }),
};
/** The target is in the room, and the source may not give it its level. */
const powerless: RoomSketch = { roomId: "!powerless:old.example", target: "join", levels: powers(10) };
const open: RoomSketch = { roomId: "!open:old.example", rule: "public", levels: powers(MODERATOR) };
const knocked: RoomSketch = {
  roomId: "!knocked:old.example",
  rule: "knock",
  levels: powers(0, { invite: 50 }),
};
const ALL: readonly RoomSketch[] = [inside, waiting, powerless, open, knocked];

function workOf(
  sketches: readonly RoomSketch[],
  {
    source = {},
    target = {},
    chosen,
  }: { source?: ContentsSketch; target?: ContentsSketch; chosen?: readonly CategoryName[] } = {},
): RemainingWork {
  const there = sketches.filter((sketch) => sketch.target === "join");
  const decided = plan(sketches.map(sketchRoom), {
    targetRooms: there.map(({ roomId = "" }) => targetRoom(roomId, "join")),
  });
  const accounts = { source: oldAccount(source), target: newAccount(target) };
  const { categories } = compareContents(accounts.source, accounts.target, roomMapping(decided.rooms));
  return remainingWork(decided, accounts, categories, (name) => chosen?.includes(name) ?? true);
}

const tagged = (...rooms: readonly RoomSketch[]): ContentsSketch => ({
  tags: Object.fromEntries(rooms.map(({ roomId = "" }) => [roomId, { "u.work": 0.5 }])),
});

describe("what a plan leaves to do", () => {
  it("is nothing if all missing items belong to rooms that wait, or are levels that cannot be given", () => {
    expect(
      workOf([inside, waiting, powerless], { source: tagged(inside, waiting), target: tagged(inside) }),
    ).toEqual({
      canBegin: false,
      categories: [
        { name: "power_levels", now: 0, waiting: 1 },
        { name: "tags", now: 0, waiting: 1 },
      ],
    });
  });

  it("is what belongs to rooms that the bot enters by itself, not what waits for an answer to a knock", () => {
    const { canBegin, categories } = workOf(ALL, { source: tagged(...ALL) });
    expect(canBegin).toBe(true);
    expect(categories).toEqual([
      { name: "power_levels", now: 1, waiting: 1 },
      { name: "tags", now: 3, waiting: 2 },
    ]);
  });

  it.each<{ name: string; sketches: readonly RoomSketch[]; source: ContentsSketch }>([
    { name: "a room can be entered", sketches: [open], source: {} },
    { name: "somebody can be asked by a knock", sketches: [knocked], source: {} },
    {
      name: "something of the account is missing",
      sketches: [waiting],
      source: { profile: { displayName: "Ada" } },
    },
    { name: "a level can be given", sketches: [{ ...inside, levels: powers(MODERATOR) }], source: {} },
  ])("can begin where $name", ({ sketches, source }) => {
    expect(workOf(sketches, { source }).canBegin).toBe(true);
  });

  it("has nothing that the plan does not cover", () => {
    const chosen = ["read_markers"] as const;
    expect(workOf([inside], { source: tagged(inside), chosen })).toEqual({ canBegin: false, categories: [] });
  });
});

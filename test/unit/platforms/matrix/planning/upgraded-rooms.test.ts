import { describe, expect, it } from "vitest";
import { roomFromSummary } from "../../../../../src/platforms/matrix/rooms/room-summary.ts";
import type { RoomSnapshot } from "../../../../../src/platforms/matrix/rooms/types.ts";
import type { RoomSketch } from "../../../../support/plans/planned-rooms.ts";
import {
  ADMIN,
  SOURCE,
  SOURCE_MAY_INVITE,
  TARGET,
  account,
  membershipRule,
  plan,
  rowOf,
  sketchRoom,
  targetRoom,
} from "../../../../support/plans/planned-rooms.ts";

const A = "!a:old.example";
const B = "!b:old.example";
const C = "!c:old.example";
const D = "!d:old.example";

describe("upgraded rooms", () => {
  function replaced(roomId: string, by: unknown, sketch: RoomSketch = {}): RoomSnapshot {
    return sketchRoom({ roomId, ...sketch, state: { "m.room.tombstone": { replacement_room: by } } });
  }

  it("moves the last replacement once after any number of upgrades", () => {
    const made = plan([replaced(A, B), replaced(B, C), sketchRoom({ roomId: C, rule: "public" })]);
    expect(made.rooms.map((room) => [room.route, room.successor, room.status])).toEqual([
      ["successor", C, "planned"],
      ["successor", C, "planned"],
      ["join", null, "planned"],
    ]);
    expect(made.order).toEqual([C]);
    expect(made.replacements).toEqual([]);
  });

  it("asks for a summary of a replacement that the old account is not in", () => {
    const made = plan([replaced(A, C)]);
    expect(made.summariesNeeded).toEqual([{ roomId: C, kind: "replacement", via: ["old.example"] }]);
    expect(rowOf(made)).toMatchObject({
      route: "successor",
      successor: C,
      status: "needs_moderator",
      reason: { code: "no_invite_power" },
    });
    expect(rowOf(made).helpers.map((helper) => helper.userId)).toEqual([ADMIN]);
  });

  it.each([
    { summary: { join_rule: "public", room_version: "11" }, route: "join", status: "planned", order: [C] },
    { summary: { join_rule: "knock", room_version: "11" }, route: "knock", status: "planned", order: [C] },
    {
      summary: { join_rule: "invite", room_version: "11" },
      route: "ask_moderator",
      status: "needs_moderator",
      order: [],
    },
    {
      summary: { join_rule: "public", room_version: "77" },
      route: "impossible",
      status: "skipped",
      order: [],
    },
    { summary: { join_rule: "public" }, route: "ask_moderator", status: "needs_moderator", order: [] },
    { summary: null, route: "ask_moderator", status: "needs_moderator", order: [] },
  ])("plans a replacement by its summary $summary as $route", ({ summary, route, status, order }) => {
    const rooms = [replaced(A, C)];
    const outsideRooms = new Map([[C, roomFromSummary(C, summary, account(SOURCE, rooms), TARGET)]]);
    const made = plan(rooms, { outsideRooms });
    expect(made.replacements.map((room) => room.route)).toEqual([route]);
    expect([rowOf(made).route, rowOf(made).status, made.order]).toEqual(["successor", status, order]);
    expect(made.summariesNeeded).toEqual([]);
  });

  it("joins a public replacement although the old account is only invited to it", () => {
    const invited = sketchRoom({
      roomId: B,
      membership: "invite",
      coverage: "partial",
      rule: "public",
      own: { sender: ADMIN },
    });
    expect(plan([replaced(A, B), invited]).rooms.map((room) => room.route)).toEqual(["successor", "join"]);
    const closed = sketchRoom({
      roomId: B,
      membership: "invite",
      coverage: "partial",
      own: { sender: ADMIN },
    });
    const made = plan([replaced(A, B), closed]);
    expect(made.rooms.map((room) => [room.route, room.status, room.reason?.code])).toEqual([
      ["successor", "needs_moderator", undefined],
      ["ask_moderator", "needs_moderator", "source_not_joined"],
    ]);
  });

  it("names the reason and the helpers in the replacement's own row alone, if it has one", () => {
    const made = plan([replaced(A, B), sketchRoom({ roomId: B })]);
    expect(rowOf(made, A)).toMatchObject({
      status: "needs_moderator",
      reason: null,
      helpers: [],
      through: null,
      warnings: [],
    });
    expect(rowOf(made, B).helpers.map((helper) => helper.userId)).toEqual([ADMIN]);
  });

  it("does not evade a ban of the old account in the replacement", () => {
    const made = plan([replaced(A, B), sketchRoom({ roomId: B, membership: "ban", rule: "public" })]);
    expect(made.rooms.map((room) => [room.route, room.status, room.reason?.code])).toEqual([
      ["successor", "skipped", "source_banned"],
    ]);
    expect(made.order).toEqual([]);
  });

  it("is done when the new account is in the replacement, and keeps a replaced room that it is in", () => {
    const rooms = [replaced(A, B), sketchRoom({ roomId: B })];
    expect(rowOf(plan(rooms, { targetRooms: [targetRoom(B, "join")] }), A)).toMatchObject({
      route: "successor",
      status: "done",
    });
    expect(rowOf(plan(rooms, { targetRooms: [targetRoom(A, "join")] }), A)).toMatchObject({
      route: "joined",
      successor: null,
    });
  });

  it("ignores tombstones that form a cycle or name no valid replacement", () => {
    expect(
      plan([replaced(A, B, { rule: "public" }), replaced(B, A, { rule: "public" })]).rooms.map(
        (room) => room.route,
      ),
    ).toEqual(["join", "join"]);
    for (const broken of [A, "", 5, null, ["!x:y"], "#alias:x.example"]) {
      expect(rowOf(plan([replaced(A, broken, { rule: "public" })])).route).toBe("join");
    }
  });

  describe("as the gateway of a restricted room", () => {
    const room = sketchRoom({ roomId: D, rule: "restricted", allow: membershipRule(A) });
    const open = replaced(A, B, { rule: "public" });
    const newer = sketchRoom({ roomId: B, rule: "public" });

    it("is joined before it, and kept", () => {
      const made = plan([room, open, newer]);
      expect(rowOf(made, D)).toMatchObject({ route: "join_restricted", through: A });
      expect(rowOf(made, A)).toMatchObject({ route: "join", status: "planned" });
      expect(rowOf(made, B)).toMatchObject({ route: "join", status: "planned" });
      expect(made.order.indexOf(A)).toBeLessThan(made.order.indexOf(D));
      const after = plan([room, open, newer], { targetRooms: [A, B, D].map((id) => targetRoom(id, "join")) });
      expect(after.rooms.map(({ route }) => route)).toEqual(["joined", "joined", "joined"]);
    });

    it("saves an invitation that the old account could send", () => {
      const invitable = sketchRoom({
        roomId: D,
        rule: "restricted",
        allow: membershipRule(A),
        levels: SOURCE_MAY_INVITE,
      });
      expect(rowOf(plan([invitable, open, newer]), D).route).toBe("join_restricted");
    });

    it.each<{ name: string; rooms: RoomSnapshot[]; through: string | null }>([
      {
        name: "the newer one opens the room too",
        rooms: [sketchRoom({ roomId: D, rule: "restricted", allow: membershipRule(A, B) }), open, newer],
        through: B,
      },
      { name: "it is closed", rooms: [room, replaced(A, B), newer], through: A },
      {
        name: "nobody can vouch for the join",
        rooms: [
          sketchRoom({
            roomId: D,
            rule: "restricted",
            allow: membershipRule(A),
            levels: { invite: 50, users: {} },
          }),
          open,
          newer,
        ],
        through: null,
      },
      { name: "no room names it", rooms: [open, newer, sketchRoom({ roomId: D })], through: null },
    ])("is not joined when $name", ({ rooms, through }) => {
      const made = plan(rooms);
      expect(rowOf(made, A)).toMatchObject({ route: "successor", successor: B });
      expect(rowOf(made, D).through).toBe(through);
    });

    it("is named with its helpers where it is closed, with the advice to name the newer one", () => {
      expect(rowOf(plan([room, replaced(A, B), newer]), D)).toMatchObject({
        route: "ask_moderator",
        reason: { code: "space_unreachable", through: A, isReplaced: true },
        helpers: [{ userId: ADMIN }],
      });
    });

    it("is joined although the old account is not in the newer one, which is moved as well", () => {
      const outsideRooms = new Map([
        [
          B,
          roomFromSummary(
            B,
            { join_rule: "public", room_version: "11" },
            account(SOURCE, [room, open]),
            TARGET,
          ),
        ],
      ]);
      const made = plan([room, open], { outsideRooms });
      expect(rowOf(made, D)).toMatchObject({ route: "join_restricted", through: A });
      expect(made.replacements.map(({ roomId, route }) => [roomId, route])).toEqual([[B, "join"]]);
    });
  });
});

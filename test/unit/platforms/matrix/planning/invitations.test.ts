import { describe, expect, it } from "vitest";
import { roomFromSummary } from "../../../../../src/platforms/matrix/rooms/room-summary.ts";
import type { RoomSketch } from "../../../../support/plans/planned-rooms.ts";
import {
  ADMIN,
  SOURCE,
  TARGET,
  account,
  plan,
  rowOf,
  sketchRoom,
  targetRoom,
} from "../../../../support/plans/planned-rooms.ts";

const ROOM = "!room:old.example";
const invited: RoomSketch = { membership: "invite", coverage: "partial", own: { sender: ADMIN } };

/** The plan after a look at the room: how many have joined it, by its summary. */
function planWith(
  joined: number | null,
  sketch: RoomSketch = {},
  targetRooms = [] as ReturnType<typeof targetRoom>[],
) {
  const rooms = [sketchRoom({ ...invited, ...sketch })];
  const summary = joined === null ? {} : { num_joined_members: joined };
  const outsideRooms = new Map([[ROOM, roomFromSummary(ROOM, summary, account(SOURCE, rooms), TARGET)]]);
  return plan(rooms, { outsideRooms, targetRooms });
}

describe("a room that the old account is only invited to", () => {
  it("is asked about once, at the servers that may know it", () => {
    expect(plan([sketchRoom(invited)]).summariesNeeded).toEqual([
      { roomId: ROOM, kind: "invitation", via: ["old.example"] },
    ]);
    expect(planWith(2).summariesNeeded).toEqual([]);
  });

  it("is not looked at when it is left out, the account is in, or there are very many", () => {
    expect(plan([sketchRoom(invited)], { botRoomIds: [ROOM] }).summariesNeeded).toEqual([]);
    expect(plan([sketchRoom(invited)], { targetRooms: [targetRoom(ROOM, "join")] }).summariesNeeded).toEqual(
      [],
    );
    const many = Array.from({ length: 300 }, (_, index) =>
      sketchRoom({ ...invited, roomId: `!r${index}:old.example` }),
    );
    expect(plan(many).summariesNeeded).toHaveLength(50);
  });

  it("names the inviter while somebody is in it, or may be", () => {
    for (const joined of [2, null]) {
      expect(rowOf(planWith(joined))).toMatchObject({
        route: "ask_moderator",
        status: "needs_moderator",
        reason: { code: "source_not_joined", inviter: ADMIN },
        helpers: [{ userId: ADMIN }],
      });
    }
  });

  it.each([
    { name: "the old account is invited", sketch: {}, targetRooms: [] },
    {
      name: "both accounts are invited",
      sketch: {},
      targetRooms: [targetRoom(ROOM, "invite")],
    },
    { name: "it is public", sketch: { rule: "public" }, targetRooms: [] },
  ])("is impossible when nobody is left in it: $name", ({ sketch, targetRooms }) => {
    expect(rowOf(planWith(0, sketch, targetRooms))).toMatchObject({
      route: "impossible",
      status: "skipped",
      reason: { code: "no_helper", isEmpty: true },
      helpers: [],
    });
  });
});

describe("the notices of the old account's server", () => {
  const tags = ["m.server_notice"];
  it.each<{ name: string; room: RoomSketch; isNotices: boolean }>([
    { name: "joined", room: { tags }, isNotices: true },
    { name: "only invited", room: { ...invited, tags }, isNotices: true },
    { name: "public by mistake", room: { rule: "public", tags }, isNotices: true },
    { name: "a room of the account's own with that tag", room: { creator: SOURCE, tags }, isNotices: false },
    { name: "made on another server", room: { creator: "@x:third.example", tags }, isNotices: false },
    { name: "without the tag", room: {}, isNotices: false },
  ])("are known: $name", ({ room, isNotices }) => {
    const row = rowOf(plan([sketchRoom(room)]));
    const code = row.reason?.code ?? null;
    if (!isNotices) expect(code).not.toBe("server_notices");
    else
      expect([row.route, row.status, code, row.helpers]).toEqual([
        "impossible",
        "skipped",
        "server_notices",
        [],
      ]);
  });
});

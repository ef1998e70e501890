import { describe, expect, it } from "vitest";
import { NO_FILTERS } from "../../../../../src/model/filters.ts";
import type { Route } from "../../../../../src/model/routes.ts";
import { CHAT_MARKER } from "../../../../../src/platforms/matrix/rooms/chat-marker.ts";
import type { RoomSketch } from "../../../../support/plans/planned-rooms.ts";
import {
  ADMIN,
  plan,
  sketchRoom,
  SOURCE,
  TARGET,
  targetRoom,
} from "../../../../support/plans/planned-rooms.ts";

const A = "!a:old.example";
const B = "!b:old.example";
const C = "!c:old.example";
const D = "!d:old.example";

describe("filters", () => {
  const rooms = [
    sketchRoom({
      roomId: A,
      rule: "public",
      state: { "m.room.canonical_alias": { alias: "#choir:old.example" } },
      lastActivityAt: 100,
    }),
    sketchRoom({ roomId: B, rule: "public", creator: "@x:third.example", lastActivityAt: 300 }),
    sketchRoom({
      roomId: C,
      rule: "public",
      create: { type: "m.space" },
      state: {
        [`m.space.child/${A}`]: { via: ["x"] },
        [`m.space.child/${B}`]: {},
        [`m.space.child/${C}`]: { via: ["x"] },
      },
    }),
    sketchRoom({
      roomId: D,
      membership: "invite",
      coverage: "partial",
      own: { sender: ADMIN, content: { is_direct: true } },
    }),
  ];
  function left(filters: Partial<typeof NO_FILTERS>): string[] {
    const made = plan(rooms, {
      filters: { ...NO_FILTERS, ...filters },
      direct: { "@friend:x.example": [B] },
    });
    expect(made.rooms).toHaveLength(rooms.length);
    return made.rooms.filter((room) => room.route !== "excluded").map((room) => room.roomId);
  }

  it.each<{ name: string; filters: Partial<typeof NO_FILTERS>; expected: string[] }>([
    { name: "nothing", filters: {}, expected: [A, B, C, D] },
    { name: "--only by alias", filters: { only: ["#choir:old.example"] }, expected: [A] },
    { name: "--exclude", filters: { exclude: [A, B] }, expected: [C, D] },
    { name: "--space with what it holds", filters: { spaces: [C] }, expected: [A, C] },
    { name: "--server by who made the room", filters: { servers: ["THIRD.example"] }, expected: [B] },
    { name: "--direct with invitations to one", filters: { isDirect: true }, expected: [B, D] },
    { name: "--no-direct", filters: { isDirect: false }, expected: [A, C] },
    { name: "--active, unknown activity stays", filters: { activeSince: 200 }, expected: [B, C, D] },
    { name: "--categories without rooms", filters: { hasRooms: false }, expected: [] },
  ])("$name", ({ filters, expected }) => expect(left(filters)).toEqual(expected));

  it("keeps rooms that the new account is in when rooms are not among the categories", () => {
    const made = plan(rooms, {
      filters: { ...NO_FILTERS, hasRooms: false },
      targetRooms: [targetRoom(A, "join")],
    });
    expect(made.rooms.map((room) => room.route)).toEqual(["joined", "excluded", "excluded", "excluded"]);
  });

  it("lists the names that are none of the account's rooms", () => {
    expect(
      plan(rooms, { filters: { ...NO_FILTERS, only: [A, "!no:x.example"], spaces: ["#no:x.example"] } })
        .unknownRooms,
    ).toEqual(["!no:x.example", "#no:x.example"]);
  });

  it("selects the replacement as well when the replaced room is named", () => {
    const upgraded = sketchRoom({ roomId: D, state: { "m.room.tombstone": { replacement_room: A } } });
    const made = plan([...rooms.slice(0, 3), upgraded], { filters: { ...NO_FILTERS, only: [D] } });
    expect(made.rooms.map((room) => room.route)).toEqual(["join", "excluded", "excluded", "successor"]);
  });

  describe("of an upgraded room", () => {
    const alias = { "m.room.canonical_alias": { alias: "#tea:old.example" } };
    const replaced = sketchRoom({
      roomId: A,
      rule: "public",
      state: { "m.room.tombstone": { replacement_room: B }, ...alias },
    });
    const replacement = sketchRoom({ roomId: B, rule: "public", state: alias });
    const other = sketchRoom({ roomId: C, rule: "public" });
    const routes = (rooms: typeof own, filters: Partial<typeof NO_FILTERS>): [string[], string[]] => {
      const made = plan(rooms, { filters: { ...NO_FILTERS, ...filters } });
      expect(made.unknownRooms).toEqual([]);
      return [made.rooms.map((room) => room.route), made.replacements.map((room) => room.roomId)];
    };
    const own = [replaced, replacement, other];

    it.each([A, B, "#tea:old.example"])("named as %s, every version is left out", (word) => {
      expect(routes(own, { exclude: [word] })).toEqual([["excluded", "excluded", "join"], []]);
      expect(routes([replaced, other], { exclude: [word] })).toEqual([["excluded", "join"], []]);
    });

    it.each([A, B, "#tea:old.example"])("named as %s, only its last version is moved", (word) => {
      expect(routes(own, { only: [word] })).toEqual([["successor", "join", "excluded"], []]);
      expect(routes([replaced, other], { only: [word] })).toEqual([["successor", "excluded"], [B]]);
    });
  });

  it("leaves out the user's chats with the bot", () => {
    const bot = "@mover:bots.example";
    const chat = sketchRoom({
      roomId: D,
      rule: "public",
      joinedCount: 2,
      heroes: [{ userId: bot, displayName: "Mover" }],
    });
    const crowd = sketchRoom({
      roomId: "!crowd:x.example",
      rule: "public",
      joinedCount: 40,
      heroes: [{ userId: bot, displayName: null }],
    });
    const made = plan([...rooms.slice(0, 3), chat, crowd], {
      botUserIds: [bot],
      botRoomIds: [C],
      direct: { [bot]: [B] },
    });
    expect(made.rooms.map((room) => room.route)).toEqual([
      "join",
      "excluded",
      "excluded",
      "excluded",
      "join",
    ]);
  });

  it.each<{ name: string; room: RoomSketch; route: Route }>([
    { name: "opened with the old account", room: { creator: SOURCE }, route: "excluded" },
    { name: "opened with the new account", room: { creator: TARGET }, route: "excluded" },
    { name: "that somebody else has marked", room: { creator: ADMIN }, route: "join" },
  ])("leaves out a chat with a helper: $name", ({ room, route }) => {
    const chat = sketchRoom({ ...room, rule: "public", create: { [CHAT_MARKER]: "step" } });
    expect(plan([chat]).rooms.map((planned) => planned.route)).toEqual([route]);
  });
});

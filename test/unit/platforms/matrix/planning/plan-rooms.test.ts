import { describe, expect, it } from "vitest";
import { NO_FILTERS } from "../../../../../src/platforms/matrix/planning/filters.ts";
import type { RoomSnapshot } from "../../../../../src/platforms/matrix/rooms/types.ts";
import { withMembers } from "../../../../../src/platforms/matrix/rooms/room-snapshot.ts";
import { roomFromSummary } from "../../../../../src/platforms/matrix/rooms/room-summary.ts";
import {
  ADMIN,
  SOURCE,
  TARGET,
  account,
  membershipRule,
  plan,
  rowOf,
  sketchRoom,
  targetRoom,
} from "../../../../support/plans/planned-rooms.ts";

const ABLE = { invite: 50, users: { [ADMIN]: 100, [SOURCE]: 50 } };
const A = "!a:old.example";
const B = "!b:old.example";
const C = "!c:old.example";
const D = "!d:old.example";

function chain(depth: number, first: Parameters<typeof sketchRoom>[0]): RoomSnapshot[] {
  const rooms = [sketchRoom({ roomId: "!0:x.example", ...first })];
  for (let index = 1; index <= depth; index++) {
    rooms.push(
      sketchRoom({
        roomId: `!${index}:x.example`,
        rule: "restricted",
        allow: membershipRule(`!${index - 1}:x.example`),
      }),
    );
  }
  return rooms;
}

describe("restricted rooms", () => {
  it("follows a chain of fifty spaces and orders the work along it", () => {
    const made = plan(chain(50, { rule: "public" }).reverse());
    expect(made.rooms.filter((room) => room.route === "join_restricted")).toHaveLength(50);
    expect(made.order).toEqual(Array.from({ length: 51 }, (_, index) => `!${index}:x.example`));
  });

  it("spends one invitation on a chain that begins with an invitation", () => {
    const made = plan(chain(50, { levels: ABLE }));
    expect(made.rooms.map((room) => room.route)).toEqual([
      "invite",
      ...Array.from({ length: 50 }, () => "join_restricted"),
    ]);
  });

  it("names the closed space for every room of a chain that nothing opens", () => {
    const made = plan(chain(3, {}));
    expect(made.rooms.map((room) => [room.route, room.through])).toEqual([
      ["ask_moderator", null],
      ["ask_moderator", "!0:x.example"],
      ["ask_moderator", "!1:x.example"],
      ["ask_moderator", "!2:x.example"],
    ]);
  });

  it("invites into one room of a cycle, the space, and joins the others through it", () => {
    const made = plan([
      sketchRoom({ roomId: A, rule: "restricted", allow: membershipRule(B), levels: ABLE }),
      sketchRoom({
        roomId: B,
        rule: "restricted",
        allow: membershipRule(C),
        levels: ABLE,
        create: { type: "m.space" },
      }),
      sketchRoom({ roomId: C, rule: "restricted", allow: membershipRule(A) }),
    ]);
    expect(made.rooms.map((room) => [room.route, room.through])).toEqual([
      ["join_restricted", B],
      ["invite", null],
      ["join_restricted", A],
    ]);
    expect(made.order).toEqual([B, A, C]);
  });

  it("leaves a cycle that nobody opens to its people", () => {
    const made = plan([
      sketchRoom({ roomId: A, rule: "restricted", allow: membershipRule(B) }),
      sketchRoom({ roomId: B, rule: "restricted", allow: membershipRule(A, B) }),
    ]);
    expect(made.rooms.map((room) => [room.route, room.reason?.code])).toEqual([
      ["ask_moderator", "space_unreachable"],
      ["ask_moderator", "space_unreachable"],
    ]);
  });

  it("goes through a space that only the new account is in, and prefers one that both are in", () => {
    const room = sketchRoom({ roomId: A, rule: "restricted", allow: membershipRule("!mine:new.example", B) });
    const mine = targetRoom("!mine:new.example", "join");
    expect(rowOf(plan([room], { targetRooms: [mine] })).through).toBe("!mine:new.example");
    expect(
      rowOf(plan([room, sketchRoom({ roomId: B })], { targetRooms: [mine, targetRoom(B, "join")] }), A)
        .through,
    ).toBe(B);
  });

  it("does not go through a space that a filter leaves out", () => {
    const rooms = [
      sketchRoom({ roomId: A, rule: "restricted", allow: membershipRule(B) }),
      sketchRoom({ roomId: B, rule: "public" }),
    ];
    const made = plan(rooms, { filters: { ...NO_FILTERS, exclude: [B] } });
    expect(made.rooms.map((room) => room.route)).toEqual(["ask_moderator", "excluded"]);
    expect(rowOf(made, A).reason).toEqual({ code: "space_unreachable", through: B });
  });

  it("lets a bot vouch for a join, though nobody would ask it", () => {
    const bot = "@mjolnir:bots.example";
    const rooms = [
      sketchRoom({
        roomId: A,
        rule: "restricted",
        allow: membershipRule(B),
        levels: { invite: 50, users: { [bot]: 100 } },
        members: { [bot]: "join" },
      }),
      sketchRoom({ roomId: B, rule: "public" }),
    ];
    const room = rowOf(plan(rooms, { botUserIds: [bot] }), A);
    expect([room.route, room.via[0]]).toEqual(["join_restricted", "bots.example"]);
  });
});

describe("upgraded rooms", () => {
  function replaced(
    roomId: string,
    by: unknown,
    sketch: Parameters<typeof sketchRoom>[0] = {},
  ): RoomSnapshot {
    return sketchRoom({ roomId, ...sketch, state: { "m.room.tombstone": { replacement_room: by } } });
  }

  it("moves the last replacement once, however many upgrades there were", () => {
    const made = plan([replaced(A, B), replaced(B, C), sketchRoom({ roomId: C, rule: "public" })]);
    expect(made.rooms.map((room) => [room.route, room.successor, room.status])).toEqual([
      ["successor", C, "planned"],
      ["successor", C, "planned"],
      ["join", null, "planned"],
    ]);
    expect(made.order).toEqual([C]);
    expect(made.replacements).toEqual([]);
  });

  it("asks for a summary of a replacement that the old account is not in, and names nothing that it cannot know", () => {
    const made = plan([replaced(A, C)]);
    expect(made.summariesNeeded).toEqual([{ roomId: C, via: ["old.example"] }]);
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

  it("gives reason and helpers once: in the replacement's own row if it has one", () => {
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

  it("is done when the new account is in the replacement, and leaves a replaced room that it is in", () => {
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

  it("ignores tombstones in a circle, without a replacement or with a broken one", () => {
    expect(
      plan([replaced(A, B, { rule: "public" }), replaced(B, A, { rule: "public" })]).rooms.map(
        (room) => room.route,
      ),
    ).toEqual(["join", "join"]);
    for (const broken of [A, "", 5, null, ["!x:y"], "#alias:x.example"]) {
      expect(rowOf(plan([replaced(A, broken, { rule: "public" })])).route).toBe("join");
    }
  });

  it("opens a restricted room through the replacement of a space, never through the replaced one", () => {
    const room = sketchRoom({ roomId: D, rule: "restricted", allow: membershipRule(A) });
    const space = [replaced(A, B, { rule: "public" }), sketchRoom({ roomId: B, rule: "public" })];
    expect(rowOf(plan([room, ...space]), D).reason?.code).toBe("space_unreachable");
    const both = sketchRoom({ roomId: D, rule: "restricted", allow: membershipRule(A, B) });
    expect(rowOf(plan([both, ...space]), D)).toMatchObject({ route: "join_restricted", through: B });
  });
});

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

  it("keeps what the new account is in when rooms are not among the categories", () => {
    const made = plan(rooms, {
      filters: { ...NO_FILTERS, hasRooms: false },
      targetRooms: [targetRoom(A, "join")],
    });
    expect(made.rooms.map((room) => room.route)).toEqual(["joined", "excluded", "excluded", "excluded"]);
  });

  it("reports names that are none of the account's rooms", () => {
    expect(
      plan(rooms, { filters: { ...NO_FILTERS, only: [A, "!no:x.example"], spaces: ["#no:x.example"] } })
        .unknownRooms,
    ).toEqual(["!no:x.example", "#no:x.example"]);
  });

  it("means the replacement too when the replaced room is named", () => {
    const upgraded = sketchRoom({ roomId: D, state: { "m.room.tombstone": { replacement_room: A } } });
    const made = plan([...rooms.slice(0, 3), upgraded], { filters: { ...NO_FILTERS, only: [D] } });
    expect(made.rooms.map((room) => room.route)).toEqual(["join", "excluded", "excluded", "successor"]);
  });

  it("leaves out the rooms in which the user talks with the bot", () => {
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
});

describe("people", () => {
  const users = (count: number): string[] =>
    Array.from({ length: count }, (_, index) => `@m${String(index).padStart(3, "0")}:x.example`);
  const levelled = (userIds: string[], level: number): Record<string, number> =>
    Object.fromEntries(userIds.map((userId) => [userId, level]));

  it("names ten and counts the others, active ones first", () => {
    const all = users(13);
    const room = sketchRoom({ levels: { invite: 50, users: levelled(all, 50) }, members: {} });
    const active = new Map(
      all.map((userId, index) => [
        userId,
        { membership: "join" as const, displayName: `M${index}`, lastActiveAt: index < 2 ? index : null },
      ]),
    );
    const row = rowOf(plan([withMembers(room, active)]));
    expect(row.helpers.map((helper) => helper.displayName).slice(0, 3)).toEqual(["M1", "M0", "M2"]);
    expect([row.helpers.length, row.moreHelpers]).toEqual([10, 3]);
  });

  it("asks once for the members it must know, and names nobody before", () => {
    const room = sketchRoom({
      levels: {
        invite: 50,
        users: { ...levelled(users(3), 50), [ADMIN]: 100, [SOURCE]: 10, [TARGET]: 60, "@idle:x.example": 20 },
      },
      members: {},
    });
    const first = plan([room], { areMembersRead: false });
    expect(first.membersNeeded).toEqual([
      { roomId: room.roomId, userIds: [ADMIN, ...users(3)], isAnyoneNeeded: false, purpose: "route" },
    ]);
    expect(rowOf(first).helpers).toEqual([]);
    const read = new Map(
      [ADMIN, ...users(3)].map((userId, index) => [
        userId,
        {
          membership: index === 1 ? ("leave" as const) : ("join" as const),
          displayName: null,
          lastActiveAt: null,
        },
      ]),
    );
    const second = plan([withMembers(room, read)], { areMembersRead: false });
    expect(second.membersNeeded).toEqual([]);
    expect(rowOf(second).helpers.map((helper) => helper.userId)).toEqual([
      ADMIN,
      "@m001:x.example",
      "@m002:x.example",
    ]);
  });

  it("accepts any member where everybody but the old account may invite", () => {
    const levels = { users: { [SOURCE]: -1 } };
    const unknown = plan([sketchRoom({ levels, members: {} })], { areMembersRead: false });
    expect(unknown.membersNeeded).toEqual([
      { roomId: "!room:old.example", userIds: [], isAnyoneNeeded: true, purpose: "route" },
    ]);
    const hero = { userId: "@friend:x.example", displayName: "Fi" };
    expect(rowOf(plan([sketchRoom({ levels, members: {}, heroes: [hero] })])).helpers).toEqual([
      { ...hero, power: 0 },
    ]);
  });

  it("passes over bots, and over accounts that look like bots if people can help", () => {
    const bots = ["@mover:x.example", "@listed:x.example"];
    const members = {
      "@mover:x.example": "join",
      "@listed:x.example": "join",
      "@irc-bot:x.example": "join",
      [ADMIN]: "join",
    } as const;
    const levels = { invite: 50, users: levelled(Object.keys(members), 100) };
    const state = { "io.element.functional_members": { service_members: ["@listed:x.example", 5] } };
    const input = { botUserIds: bots.slice(0, 1) };
    expect(
      rowOf(plan([sketchRoom({ levels, members, state })], input)).helpers.map((helper) => helper.userId),
    ).toEqual([ADMIN]);
    const without = { ...members, [ADMIN]: "leave" } as const;
    expect(
      rowOf(plan([sketchRoom({ levels, members: without, state })], input)).helpers.map(
        (helper) => helper.userId,
      ),
    ).toEqual(["@irc-bot:x.example"]);
  });

  it("has nobody to ask in a room of server notices", () => {
    const row = rowOf(
      plan([sketchRoom({ levels: { invite: 100, users: { [ADMIN]: 100 } }, tags: ["m.server_notice"] })]),
    );
    expect([row.route, row.reason?.code]).toEqual(["impossible", "no_helper"]);
  });
});

describe("settings of the new account", () => {
  const room = sketchRoom({ levels: ABLE });
  const withSettings = (type: string, content: unknown) => ({
    target: account(TARGET, [], { [type]: content }),
  });

  it("leaves an invitation that would be refused to the user", () => {
    const made = plan(
      [room, sketchRoom({ roomId: A, rule: "public" })],
      withSettings("m.invite_permission_config", { default_action: "block" }),
    );
    expect(made.isInviteBlocked).toBe(true);
    expect(made.rooms.map((row) => [row.route, row.status, row.reason?.code])).toEqual([
      ["ask_moderator", "needs_you", "invite_blocked"],
      ["join", "planned", undefined],
    ]);
  });

  it.each([
    [{ blocked_servers: ["old.*"] }, "ask_moderator"],
    [{ blocked_servers: ["old.*"], allowed_users: [SOURCE] }, "invite"],
    [{ ignored_users: [SOURCE] }, "invite"],
    [{ enabled: false, blocked_users: ["*"] }, "invite"],
    ["junk", "invite"],
  ])("reads MSC4155's setting %j", (content, route) => {
    expect(
      rowOf(plan([room], withSettings("org.matrix.msc4155.invite_permission_config", content))).route,
    ).toBe(route);
  });
});

describe("refusals", () => {
  const restricted = [
    sketchRoom({ roomId: A, rule: "restricted", allow: membershipRule(B), levels: ABLE }),
    sketchRoom({ roomId: B, rule: "public" }),
  ];
  const refused = (
    route: "join_restricted" | "invite" | "join",
    code: "refused" | "blocked_by_server" = "refused",
  ) => ({
    route,
    code,
    serverText: "No.",
  });

  it("plans the next route, and ends with the server's words", () => {
    expect(rowOf(plan(restricted, { refusals: new Map([[A, [refused("join_restricted")]]]) }), A).route).toBe(
      "invite",
    );
    const last = rowOf(
      plan(restricted, { refusals: new Map([[A, [refused("join_restricted"), refused("invite")]]]) }),
      A,
    );
    expect([last.route, last.reason]).toEqual(["ask_moderator", { code: "refused", serverText: "No." }]);
  });

  it("closes rooms that a refused space would have opened", () => {
    const rooms = [
      sketchRoom({ roomId: A, rule: "restricted", allow: membershipRule(B) }),
      sketchRoom({ roomId: B, rule: "public" }),
    ];
    const made = plan(rooms, { refusals: new Map([[B, [refused("join", "blocked_by_server")]]]) });
    expect(made.rooms.map((room) => [room.route, room.reason?.code])).toEqual([
      ["ask_moderator", "space_unreachable"],
      ["impossible", "blocked_by_server"],
    ]);
  });
});

describe("warnings", () => {
  function warnings(sketch: Parameters<typeof sketchRoom>[0]): unknown[] {
    return rowOf(plan([sketchRoom({ rule: "public", ...sketch })])).warnings.map((warning) => warning.code);
  }
  it.each<{ name: string; sketch: Parameters<typeof sketchRoom>[0]; expected: string[] }>([
    {
      name: "history for members only",
      sketch: { state: { "m.room.history_visibility": { history_visibility: "joined" } } },
      expected: ["history_hidden"],
    },
    {
      name: "history from the invitation on",
      sketch: { state: { "m.room.history_visibility": { history_visibility: "invited" } } },
      expected: ["history_hidden"],
    },
    {
      name: "history nobody can make out",
      sketch: { state: { "m.room.history_visibility": {} } },
      expected: ["history_hidden"],
    },
    {
      name: "history for all",
      sketch: { state: { "m.room.history_visibility": { history_visibility: "world_readable" } } },
      expected: [],
    },
    { name: "no word of history", sketch: {}, expected: [] },
    { name: "encrypted", sketch: { state: { "m.room.encryption": {} } }, expected: ["encrypted_history"] },
    {
      name: "a policy server",
      sketch: { state: { "m.room.policy": { via: "policy.example" } } },
      expected: ["policy_server"],
    },
    {
      name: "power that cannot be given",
      sketch: { levels: { users: { [SOURCE]: 50, [ADMIN]: 100 }, events: { "m.room.power_levels": 100 } } },
      expected: ["power_not_transferable"],
    },
    { name: "power that can", sketch: { levels: { users: { [SOURCE]: 50, [ADMIN]: 100 } } }, expected: [] },
    {
      name: "a creator",
      sketch: { version: "12", creator: SOURCE, create: { additional_creators: [ADMIN] }, levels: {} },
      expected: ["creator_not_transferable"],
    },
    {
      name: "the last admin",
      sketch: { levels: { users: { [SOURCE]: 100, [ADMIN]: 40 } } },
      expected: ["last_admin"],
    },
    {
      name: "the last creator",
      sketch: {
        version: "12",
        creator: SOURCE,
        levels: { events: { "m.room.power_levels": 100 }, users: { [ADMIN]: 50 } },
      },
      expected: ["creator_not_transferable", "last_admin"],
    },
    {
      name: "alone",
      sketch: { joinedCount: 1, members: {}, levels: { users: { [SOURCE]: 100 } } },
      expected: ["only_member", "last_admin"],
    },
  ])("$name", ({ sketch, expected }) => expect(warnings(sketch)).toEqual(expected));

  it("names people who could give the power", () => {
    const row = rowOf(
      plan([
        sketchRoom({
          rule: "public",
          levels: { users: { [SOURCE]: 50, [ADMIN]: 100 }, events: { "m.room.power_levels": 100 } },
        }),
      ]),
    );
    expect(row.power).toEqual({ source: 50, wanted: 50, target: null });
    expect(row.warnings).toMatchObject([
      { code: "power_not_transferable", wanted: 50, source: 50, required: 100, helpers: [{ userId: ADMIN }] },
    ]);
  });
});

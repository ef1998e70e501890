import { describe, expect, it } from "vitest";
import { NO_FILTERS } from "../../../../../src/model/filters.ts";
import { NO_HISTORY } from "../../../../../src/model/room-history.ts";
import type { RouteRefusal } from "../../../../../src/model/route-refusals.ts";
import type { RoomPlanInput } from "../../../../../src/platforms/matrix/planning/plan-context.ts";
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
const ROOM_ID = "!room:old.example";
const B = "!b:old.example";

describe("settings of the new account", () => {
  const room = sketchRoom({ levels: SOURCE_MAY_INVITE });
  const withSettings = (type: string, content: unknown) => ({
    target: account(TARGET, [], { [type]: content }),
  });

  it("asks the user to allow an invitation that would be refused", () => {
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
    { content: { blocked_servers: ["old.*"] }, route: "ask_moderator" },
    { content: { blocked_servers: ["old.*"], allowed_users: [SOURCE] }, route: "invite" },
    { content: { ignored_users: [SOURCE] }, route: "invite" },
    { content: { enabled: false, blocked_users: ["*"] }, route: "invite" },
    { content: "junk", route: "invite" },
  ])("reads the setting $content of MSC4155", ({ content, route }) => {
    expect(
      rowOf(plan([room], withSettings("org.matrix.msc4155.invite_permission_config", content))).route,
    ).toBe(route);
  });
});

describe("people whose invitations the new account's settings refuse", () => {
  const needsHelp = sketchRoom({});
  const stripped = sketchRoom({
    roomId: B,
    membership: "invite",
    coverage: "partial",
    own: { sender: ADMIN },
  });
  const withList = (content: unknown) => ({
    target: account(TARGET, [], { "org.matrix.msc4155.invite_permission_config": content }),
  });

  it.each<{ name: string; more: Partial<RoomPlanInput>; isBlocked: boolean }>([
    {
      name: "everybody",
      more: { target: account(TARGET, [], { "m.invite_permission_config": { default_action: "block" } }) },
      isBlocked: true,
    },
    { name: "everybody by a list", more: withList({ blocked_users: ["*"] }), isBlocked: true },
    { name: "the only helper", more: withList({ blocked_users: [ADMIN] }), isBlocked: true },
    { name: "somebody else", more: withList({ blocked_users: ["@x:old.example"] }), isBlocked: false },
  ])("are not named: $name", ({ more, isBlocked }) => {
    const expected = isBlocked
      ? { route: "ask_moderator", status: "needs_you", reason: { code: "invite_blocked" }, helpers: [] }
      : { route: "ask_moderator", status: "needs_moderator", helpers: [{ userId: ADMIN }] };
    for (const room of [needsHelp, stripped]) expect(rowOf(plan([room], more))).toMatchObject(expected);
  });

  it("are left out of the helpers when others are welcome", () => {
    const levels = { invite: 50, users: { [ADMIN]: 100, "@b:x.example": 50 } };
    const room = sketchRoom({ levels, members: { [ADMIN]: "join", "@b:x.example": "join" } });
    const row = rowOf(plan([room], withList({ blocked_servers: ["old.example"] })));
    expect(row.helpers.map(({ userId }) => userId)).toEqual(["@b:x.example"]);
  });

  it("still are people who may lift a ban", () => {
    const banned = sketchRoom({ target: "ban" });
    expect(rowOf(plan([banned], withList({ blocked_users: ["*"] }))).reason?.code).toBe("target_banned");
  });
});

describe("whether a room may still need an invitation", () => {
  it.each<{ name: string; room: RoomSketch; more?: Parameters<typeof plan>[1]; needs: boolean }>([
    { name: "invited by the old account", room: { levels: SOURCE_MAY_INVITE }, needs: true },
    { name: "somebody must invite", room: {}, needs: true },
    { name: "a knock", room: { rule: "knock" }, needs: true },
    { name: "public, but the join may be refused", room: { rule: "public" }, needs: true },
    { name: "an invitation is there, but may be stale", room: { target: "invite" }, needs: true },
    { name: "nobody new can join", room: { rule: "private" }, needs: false },
    {
      name: "already in",
      room: { target: "join" },
      more: { targetRooms: [targetRoom(ROOM_ID, "join")] },
      needs: false,
    },
    {
      name: "left out by a filter, and needs an invitation",
      room: { levels: SOURCE_MAY_INVITE },
      more: { filters: { ...NO_FILTERS, exclude: [ROOM_ID] } },
      needs: true,
    },
    {
      name: "left out by a filter, and public",
      room: { rule: "public" },
      more: { filters: { ...NO_FILTERS, exclude: [ROOM_ID] } },
      needs: false,
    },
    { name: "a chat with the bot", room: {}, more: { botRoomIds: [ROOM_ID] }, needs: false },
    {
      name: "a plan without rooms",
      room: {},
      more: { filters: { ...NO_FILTERS, hasRooms: false } },
      needs: true,
    },
  ])("is known of a room: $name", ({ room, more = {}, needs }) => {
    expect(plan([sketchRoom(room)], more).needInvitations.has(ROOM_ID)).toBe(needs);
  });
});

describe("refusals", () => {
  const restricted = [
    sketchRoom({ roomId: A, rule: "restricted", allow: membershipRule(B), levels: SOURCE_MAY_INVITE }),
    sketchRoom({ roomId: B, rule: "public" }),
  ];
  const refused = (
    route: "join_restricted" | "invite" | "join",
    code: "refused" | "blocked_by_server" = "refused",
  ): RouteRefusal => ({
    route,
    code,
    who: "room",
    serverText: "No.",
    at: null,
    facts: null,
  });
  const after = (roomId: string, ...refusals: RouteRefusal[]) => ({
    histories: new Map([[roomId, { ...NO_HISTORY, refusals }]]),
  });

  it("continues with the next route, and at the end shows the server's text", () => {
    expect(rowOf(plan(restricted, after(A, refused("join_restricted"))), A).route).toBe("invite");
    const last = rowOf(plan(restricted, after(A, refused("join_restricted"), refused("invite"))), A);
    expect([last.route, last.reason]).toEqual(["ask_moderator", { code: "refused", serverText: "No." }]);
  });

  it("end every route where the target's own server keeps the room out", () => {
    const rooms = [sketchRoom({ roomId: A, rule: "public", levels: SOURCE_MAY_INVITE })];
    const made = rowOf(plan(rooms, after(A, refused("join", "blocked_by_server"))), A);
    expect([made.route, made.status, made.reason?.code, made.helpers]).toEqual([
      "impossible",
      "skipped",
      "blocked_by_server",
      [],
    ]);
  });

  it("closes the rooms that a refused space would have opened", () => {
    const rooms = [
      sketchRoom({ roomId: A, rule: "restricted", allow: membershipRule(B) }),
      sketchRoom({ roomId: B, rule: "public" }),
    ];
    const made = plan(rooms, after(B, refused("join", "blocked_by_server")));
    expect(made.rooms.map((room) => [room.route, room.reason?.code])).toEqual([
      ["ask_moderator", "space_unreachable"],
      ["impossible", "blocked_by_server"],
    ]);
  });
});

import { describe, expect, it } from "vitest";
import { unreadableRoom } from "../../../../../../src/platforms/matrix/rooms/room-snapshot.ts";
import type { DecisionRow } from "../../../../../support/plans/decision-row.ts";
import { ROOM, expectDecision } from "../../../../../support/plans/decision-row.ts";
import {
  ADMIN,
  SOURCE,
  TARGET,
  plan,
  sketchRoom,
  targetRoom,
} from "../../../../../support/plans/planned-rooms.ts";

const MOD = "@mod:third.example";
const MODS = { [ADMIN]: "join", [MOD]: "join" } as const;

/**
 * Rows that versions, federation, server ACLs and memberships decide under any join rule
 * (platforms/matrix/README.md, "Routes into a room").
 */
const TABLE: DecisionRow[] = [
  {
    name: "joined by the target",
    room: {},
    seenByTarget: targetRoom(ROOM, "join"),
    route: "joined",
    status: "done",
    reason: null,
  },
  {
    name: "joined by the target, only invited source",
    room: { membership: "invite" },
    seenByTarget: targetRoom(ROOM, "join"),
    route: "joined",
    status: "done",
  },
  {
    name: "joined by the target, unknown version",
    room: { version: "99" },
    seenByTarget: targetRoom(ROOM, "join"),
    route: "joined",
    status: "done",
  },

  {
    name: "state that the old server does not show",
    room: { version: null, coverage: "partial", rule: "public" },
    route: "ask_moderator",
    status: "waiting",
    reason: "unreadable",
    helpers: [],
    routes: ["ask_moderator"],
  },
  {
    name: "state that the old server does not show, invited target",
    room: { version: null, coverage: "partial" },
    seenByTarget: targetRoom(ROOM, "invite"),
    route: "ask_moderator",
    status: "waiting",
    reason: "unreadable",
  },
  {
    name: "state that the old server does not show, joined by the target",
    room: { version: null, coverage: "partial" },
    seenByTarget: targetRoom(ROOM, "join"),
    route: "joined",
    status: "done",
    reason: null,
  },
  {
    name: "joined by the target, whose server does not show the state",
    room: { target: "join" },
    seenByTarget: unreadableRoom(targetRoom(ROOM, "join")),
    route: "ask_moderator",
    status: "waiting",
    reason: "unreadable",
    helpers: [],
  },
  {
    name: "banned target, whose server says joined and does not show the state",
    room: { target: "ban", members: MODS, levels: { users: { [ADMIN]: 100, [MOD]: 50 } } },
    seenByTarget: unreadableRoom(targetRoom(ROOM, "join")),
    route: "ask_moderator",
    status: "needs_moderator",
    reason: "target_banned",
  },

  {
    name: "version the new server lacks",
    room: { version: "4", rule: "public" },
    route: "impossible",
    status: "skipped",
    reason: "room_version",
  },
  {
    name: "version nobody knows",
    room: { version: "13", rule: "public" },
    route: "impossible",
    reason: "room_version",
  },
  {
    name: "version that is not a string",
    room: { create: { room_version: 6 }, rule: "public" },
    route: "impossible",
    reason: "room_version",
  },
  {
    name: "no creation event",
    room: { version: null, rule: "public" },
    route: "impossible",
    reason: "room_version",
  },
  {
    name: "unknown version with an invitation",
    room: { version: "13" },
    seenByTarget: targetRoom(ROOM, "invite"),
    route: "impossible",
    reason: "room_version",
  },

  {
    name: "not federated",
    room: { create: { "m.federate": false }, rule: "public" },
    route: "impossible",
    reason: "not_federated",
  },
  {
    name: "not federated, text instead of false",
    room: { create: { "m.federate": "false" }, rule: "public" },
    route: "impossible",
    reason: "not_federated",
  },
  {
    name: "not federated, made on the new server",
    room: { create: { "m.federate": false }, creator: "@x:new.example", rule: "public" },
    route: "join",
  },

  {
    name: "ACL denies, others may change it",
    room: { state: { "m.room.server_acl": { allow: ["*"], deny: ["new.example"] } }, rule: "public" },
    route: "ask_moderator",
    status: "needs_moderator",
    reason: "server_acl",
    helpers: [ADMIN],
  },
  {
    name: "ACL denies, only the source may change it",
    room: {
      state: { "m.room.server_acl": { allow: ["*"], deny: ["*.example"] } },
      levels: { users: { [SOURCE]: 100 } },
      rule: "public",
    },
    route: "ask_moderator",
    status: "needs_you",
    reason: "server_acl",
    helpers: [],
  },
  {
    name: "ACL denies, nobody may change it",
    room: {
      state: { "m.room.server_acl": { allow: ["old.example"] } },
      levels: { users: {} },
      rule: "public",
    },
    route: "impossible",
    status: "skipped",
    reason: "no_helper",
  },
  {
    name: "ACL denies the only one who may change it as well",
    room: {
      state: { "m.room.server_acl": { allow: ["old.example"] } },
      levels: { users: { [MOD]: 100 } },
      members: MODS,
    },
    route: "impossible",
    reason: "no_helper",
  },
  {
    name: "ACL denies although invited",
    room: { state: { "m.room.server_acl": {} } },
    seenByTarget: targetRoom(ROOM, "invite"),
    route: "ask_moderator",
    reason: "server_acl",
  },

  {
    name: "invited by a moderator",
    room: { target: "invite" },
    seenByTarget: targetRoom(ROOM, "invite"),
    route: "accept_invite",
    status: "planned",
    reason: null,
  },
  {
    name: "invited, the invitation hidden on the new server",
    room: { target: "invite" },
    route: "accept_invite",
  },
  {
    name: "invited, only the new server knows",
    room: {},
    seenByTarget: targetRoom(ROOM, "invite"),
    route: "accept_invite",
  },
  {
    name: "invited to a room the source is invited to",
    room: { membership: "invite", coverage: "partial" },
    seenByTarget: targetRoom(ROOM, "invite"),
    route: "accept_invite",
  },
  {
    name: "invitation withdrawn",
    room: { target: "leave" },
    seenByTarget: targetRoom(ROOM, "invite"),
    route: "ask_moderator",
    reason: "no_invite_power",
  },
  {
    name: "invited to a public room",
    room: { rule: "public", target: "invite" },
    route: "accept_invite",
    routes: ["accept_invite", "join", "ask_moderator"],
  },

  {
    name: "banned, others may lift it",
    room: { target: "ban", rule: "public" },
    route: "ask_moderator",
    status: "needs_moderator",
    reason: "target_banned",
    helpers: [ADMIN],
  },
  {
    name: "banned, only the source may lift it",
    room: { target: "ban", levels: { users: { [SOURCE]: 50 } } },
    route: "ask_moderator",
    status: "needs_you",
    reason: "target_banned",
    helpers: [],
  },
  {
    name: "banned, source may ban but not kick",
    room: { target: "ban", levels: { kick: 60, users: { [SOURCE]: 50 } } },
    route: "impossible",
    reason: "no_helper",
  },
  {
    name: "banned, source not above the target",
    room: { target: "ban", levels: { users: { [SOURCE]: 50, [TARGET]: 50 } } },
    route: "impossible",
    reason: "no_helper",
  },
  {
    name: "banned, only the new server knows, source not inside",
    room: { membership: "invite", coverage: "partial" },
    seenByTarget: targetRoom(ROOM, "ban"),
    route: "ask_moderator",
    reason: "target_banned",
    helpers: [],
  },
  {
    name: "banned before, not any more",
    room: { target: "leave", rule: "public" },
    seenByTarget: targetRoom(ROOM, "ban"),
    route: "join",
  },

  {
    name: "source invited",
    room: { membership: "invite", coverage: "partial", own: { sender: MOD } },
    route: "ask_moderator",
    status: "needs_moderator",
    reason: "source_not_joined",
    helpers: [MOD],
  },
  {
    name: "source invited to a public room",
    room: { membership: "invite", coverage: "partial", rule: "public", own: { sender: MOD } },
    route: "ask_moderator",
    reason: "source_not_joined",
    helpers: [MOD],
  },
  {
    name: "source invited, version unknown",
    room: { membership: "invite", coverage: "partial", version: null, rule: "knock", own: { sender: MOD } },
    route: "ask_moderator",
    reason: "source_not_joined",
  },
  {
    name: "source invited by the target, which has left",
    room: { membership: "invite", coverage: "partial", own: { sender: TARGET } },
    route: "ask_moderator",
    reason: "source_not_joined",
    helpers: [],
  },
  {
    name: "source invited, version the new server lacks",
    room: { membership: "invite", coverage: "partial", version: "13" },
    route: "impossible",
    reason: "room_version",
  },
  {
    name: "source knocks",
    room: { membership: "knock", coverage: "partial", rule: "knock" },
    route: "ask_moderator",
    status: "needs_moderator",
    reason: "source_not_joined",
    helpers: [],
  },
];

describe("the decision table", () => {
  it("excludes nobody if an ACL has too many patterns to check everybody", () => {
    const deny = Array.from({ length: 6_000 }, (_, index) => `*${index}*z*`);
    const admins = Array.from({ length: 300 }, (_, index) => `@admin:server${index}.example`);
    const room = sketchRoom({
      levels: { invite: 50, users: Object.fromEntries(admins.map((userId) => [userId, 100])) },
      state: { "m.room.server_acl": { allow: ["*"], deny } },
      members: {},
    });
    const [row] = plan([room]).rooms;
    expect(row).toMatchObject({ route: "ask_moderator", status: "needs_moderator", helpers: [] });
  });

  it("names the server that does not show a room, and warns of nothing in it", () => {
    const room = sketchRoom({ version: null, coverage: "partial" });
    expect(plan([room]).rooms[0]).toMatchObject({
      reason: { code: "unreadable", serverName: "old.example" },
      warnings: [],
    });
    const seen = unreadableRoom(targetRoom(ROOM, "join"));
    expect(plan([sketchRoom({})], { targetRooms: [seen] }).rooms[0]).toMatchObject({
      reason: { code: "unreadable", serverName: "new.example" },
      warnings: [],
    });
  });

  it.each(TABLE)("$name → $route", expectDecision);

  it("has no row for a room that the source has left or is banned from", () => {
    const made = plan([
      sketchRoom({ membership: "ban" }),
      sketchRoom({ roomId: "!left:x.example", membership: "leave" }),
    ]);
    expect(made.rooms).toEqual([]);
    expect(made.bannedRoomIds).toEqual([ROOM]);
  });
});

import { describe, expect, it } from "vitest";
import type { Reason, Route, Status } from "../../../../../src/model/routes.ts";
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
import type { RoomSketch } from "../../../../support/plans/planned-rooms.ts";
import type { RoomSnapshot } from "../../../../../src/platforms/matrix/rooms/types.ts";

interface Row {
  name: string;
  room: RoomSketch;
  seenByTarget?: RoomSnapshot;
  others?: RoomSketch[];
  route: Route;
  status?: Status;
  reason?: Reason["code"] | null;
  helpers?: string[];
  through?: string;
  routes?: Route[];
}

const ROOM = "!room:old.example";
const SPACE = "!space:old.example";
const MOD = "@mod:third.example";
const MODS = { [ADMIN]: "join", [MOD]: "join" } as const;
const LEVELS = { invite: 50, users: { [ADMIN]: 100, [MOD]: 50 } };
const ABLE = { invite: 50, users: { [ADMIN]: 100, [SOURCE]: 50 } };

/** The decision table (platforms/matrix/README.md, "Routes into a room"), row by row. */
const TABLE: Row[] = [
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
    name: "version that is no text",
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
    name: "ACL denies, who may change it is shut out too",
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
    name: "invitation taken back",
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
    name: "banned before, lifted since",
    room: { target: "leave", rule: "public" },
    seenByTarget: targetRoom(ROOM, "ban"),
    route: "join",
  },

  {
    name: "private",
    room: { rule: "private", levels: ABLE },
    route: "impossible",
    status: "skipped",
    reason: "join_rule_private",
  },
  {
    name: "private with an invitation, which such rooms refuse",
    room: { rule: "private", target: "invite" },
    route: "impossible",
    reason: "join_rule_private",
  },
  {
    name: "unknown rule",
    room: { rule: "org.example.magic", levels: ABLE },
    route: "impossible",
    reason: "unknown_join_rule",
  },
  {
    name: "rule that is no text",
    room: { rule: "invite", state: { "m.room.join_rules": { join_rule: ["public"] } } },
    route: "impossible",
    reason: "unknown_join_rule",
  },
  {
    name: "rule event without a rule",
    room: { rule: "invite", state: { "m.room.join_rules": {} } },
    route: "impossible",
    reason: "unknown_join_rule",
  },

  {
    name: "public",
    room: { rule: "public" },
    route: "join",
    status: "planned",
    reason: null,
    routes: ["join", "ask_moderator"],
  },
  {
    name: "public, source may invite",
    room: { rule: "public", levels: ABLE },
    route: "join",
    routes: ["join", "invite", "ask_moderator"],
  },
  {
    name: "public in version 1",
    room: { rule: "public", version: "1" },
    route: "impossible",
    reason: "room_version",
  },

  {
    name: "restricted through a public space",
    room: { rule: "restricted", allow: membershipRule(SPACE) },
    others: [{ roomId: SPACE, rule: "public", create: { type: "m.space" } }],
    route: "join_restricted",
    status: "planned",
    through: SPACE,
    routes: ["join_restricted", "ask_moderator"],
  },
  {
    name: "knock_restricted through a space, source may invite",
    room: { rule: "knock_restricted", allow: membershipRule(SPACE), levels: ABLE },
    others: [{ roomId: SPACE, rule: "public" }],
    route: "join_restricted",
    through: SPACE,
    routes: ["join_restricted", "invite", "knock", "ask_moderator"],
  },
  {
    name: "restricted through a space that needs a person",
    room: {
      rule: "restricted",
      allow: membershipRule(SPACE),
      members: MODS,
      levels: { invite: 50, users: { [MOD]: 50 } },
    },
    others: [{ roomId: SPACE, members: { [ADMIN]: "join" } }],
    route: "ask_moderator",
    status: "needs_moderator",
    reason: "space_unreachable",
    through: SPACE,
    helpers: [MOD, ADMIN],
  },
  {
    name: "restricted through an unreachable space, source may invite",
    room: { rule: "restricted", allow: membershipRule(SPACE), levels: ABLE },
    others: [{ roomId: SPACE }],
    route: "invite",
    routes: ["invite", "ask_moderator"],
  },
  {
    name: "restricted, source in none of the rooms",
    room: { rule: "restricted", allow: membershipRule("!elsewhere:x.example") },
    route: "ask_moderator",
    reason: "no_invite_power",
    helpers: [ADMIN],
  },
  {
    name: "restricted, allow is malformed",
    room: { rule: "restricted", allow: "everybody" },
    route: "ask_moderator",
    reason: "no_invite_power",
  },
  {
    name: "restricted, entry of another type",
    room: { rule: "restricted", allow: [{ type: "m.other", room_id: SPACE }] },
    others: [{ roomId: SPACE, rule: "public" }],
    route: "ask_moderator",
    reason: "no_invite_power",
  },
  {
    name: "restricted, nobody inside may vouch",
    room: {
      rule: "restricted",
      allow: membershipRule(SPACE),
      levels: { invite: 50, users: { [MOD]: 50 } },
      members: { [MOD]: "leave" },
    },
    others: [{ roomId: SPACE, rule: "public" }],
    route: "impossible",
    reason: "no_helper",
  },

  {
    name: "invite rule, source may invite",
    room: { levels: ABLE },
    route: "invite",
    status: "planned",
    reason: null,
    routes: ["invite", "ask_moderator"],
  },
  {
    name: "no join rules event, everybody may invite",
    room: { rule: null, levels: { users: {} } },
    route: "invite",
  },
  { name: "no levels event: inviting needs 0", room: { levels: null }, route: "invite" },
  { name: "invite level missing is 0", room: { levels: { users: { [ADMIN]: 100 } } }, route: "invite" },
  {
    name: "muted source",
    room: { levels: { users: { [SOURCE]: -1, [ADMIN]: 100 } } },
    route: "ask_moderator",
    reason: "no_invite_power",
  },
  {
    name: "levels that cannot be read",
    room: { levels: { invite: "many", users: { [SOURCE]: 100, [ADMIN]: 100 } } },
    route: "impossible",
    reason: "no_helper",
  },

  {
    name: "knock",
    room: { rule: "knock" },
    route: "knock",
    status: "planned",
    reason: "no_invite_power",
    helpers: [ADMIN],
    routes: ["knock", "ask_moderator"],
  },
  {
    name: "knock, source may invite",
    room: { rule: "knock", levels: ABLE },
    route: "invite",
    routes: ["invite", "knock", "ask_moderator"],
  },
  {
    name: "knock, knocked already",
    room: { rule: "knock", target: "knock" },
    seenByTarget: targetRoom(ROOM, "knock"),
    route: "knock",
    status: "needs_moderator",
  },
  {
    name: "knock, nobody could accept",
    room: { rule: "knock", levels: { invite: 50, users: {} } },
    route: "impossible",
    reason: "no_helper",
  },
  {
    name: "knock_restricted, space unreachable",
    room: { rule: "knock_restricted", allow: membershipRule(SPACE) },
    others: [{ roomId: SPACE }],
    route: "knock",
    reason: "no_invite_power",
    helpers: [ADMIN],
  },

  {
    name: "else: most powerful first",
    room: { levels: LEVELS, members: MODS },
    route: "ask_moderator",
    status: "needs_moderator",
    reason: "no_invite_power",
    helpers: [ADMIN, MOD],
  },
  {
    name: "else: nobody joined may",
    room: { levels: LEVELS, members: { [ADMIN]: "leave", [MOD]: "ban" } },
    route: "impossible",
    status: "skipped",
    reason: "no_helper",
    helpers: [],
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
    name: "source invited, version not told",
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

// The new server of these tests knows every version but 1 and 4.
const VERSIONS = ["2", "3", "5", "6", "7", "8", "9", "10", "11", "12"];

describe("the decision table", () => {
  it.each(TABLE)("$name → $route", (row) => {
    const rooms = [row.room, ...(row.others ?? [])].map(sketchRoom);
    const target = {
      ...account(TARGET, row.seenByTarget === undefined ? [] : [row.seenByTarget]),
      roomVersions: VERSIONS,
    };
    const made = plan(rooms, { target });
    const room = rowOf(made, ROOM);
    expect(room.route).toBe(row.route);
    expect(room.routes[0]).toBe(row.route);
    if (row.status !== undefined) expect(room.status).toBe(row.status);
    if (row.reason !== undefined) expect(room.reason?.code ?? null).toBe(row.reason);
    if (row.helpers !== undefined) expect(room.helpers.map((helper) => helper.userId)).toEqual(row.helpers);
    if (row.through !== undefined) expect(room.through).toBe(row.through);
    if (row.routes !== undefined) expect(room.routes).toEqual(row.routes);
    expect(made.rooms.map(({ roomId }) => roomId)).toEqual(rooms.map(({ roomId }) => roomId));
  });

  it("gives no row to rooms that ban the source: it is no longer in them", () => {
    const made = plan([
      sketchRoom({ membership: "ban" }),
      sketchRoom({ roomId: "!left:x.example", membership: "leave" }),
    ]);
    expect(made.rooms).toEqual([]);
    expect(made.bannedRoomIds).toEqual([ROOM]);
  });
});

import { describe, it } from "vitest";
import type { DecisionRow } from "../../../../../support/plans/decision-row.ts";
import { ROOM, expectDecision } from "../../../../../support/plans/decision-row.ts";
import {
  ADMIN,
  SOURCE,
  SOURCE_MAY_INVITE,
  membershipRule,
  targetRoom,
} from "../../../../../support/plans/planned-rooms.ts";

const SPACE = "!space:old.example";
const MOD = "@mod:third.example";
const MODS = { [ADMIN]: "join", [MOD]: "join" } as const;
const LEVELS = { invite: 50, users: { [ADMIN]: 100, [MOD]: 50 } };

/**
 * Rows that the join rule and the power levels decide
 * (platforms/matrix/README.md, "Routes into a room").
 */
const TABLE: DecisionRow[] = [
  {
    name: "private",
    room: { rule: "private", levels: SOURCE_MAY_INVITE },
    route: "impossible",
    status: "skipped",
    reason: "join_rule_private",
  },
  {
    name: "private with an invitation, which a private room refuses",
    room: { rule: "private", target: "invite" },
    route: "impossible",
    reason: "join_rule_private",
  },
  {
    name: "unknown rule",
    room: { rule: "org.example.magic", levels: SOURCE_MAY_INVITE },
    route: "impossible",
    reason: "unknown_join_rule",
  },
  {
    name: "rule that is not a string",
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
    room: { rule: "public", levels: SOURCE_MAY_INVITE },
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
    room: { rule: "knock_restricted", allow: membershipRule(SPACE), levels: SOURCE_MAY_INVITE },
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
    room: { rule: "restricted", allow: membershipRule(SPACE), levels: SOURCE_MAY_INVITE },
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
    room: { levels: SOURCE_MAY_INVITE },
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
    room: { rule: "knock", levels: SOURCE_MAY_INVITE },
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
    name: "nothing else works: most powerful helper first",
    room: { levels: LEVELS, members: MODS },
    route: "ask_moderator",
    status: "needs_moderator",
    reason: "no_invite_power",
    helpers: [ADMIN, MOD],
  },
  {
    name: "nothing else works, nobody joined may invite",
    room: { levels: LEVELS, members: { [ADMIN]: "leave", [MOD]: "ban" } },
    route: "impossible",
    status: "skipped",
    reason: "no_helper",
    helpers: [],
  },
];

describe("the decision table", () => {
  it.each(TABLE)("$name → $route", expectDecision);
});

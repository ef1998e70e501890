import { describe, expect, it } from "vitest";
import type { DecisionRow } from "../../../../../support/plans/decision-row.ts";
import { ROOM, expectDecision } from "../../../../../support/plans/decision-row.ts";
import {
  ADMIN,
  SOURCE,
  membershipRule,
  plan,
  rowOf,
  sketchRoom,
  targetRoom,
} from "../../../../../support/plans/planned-rooms.ts";

const SPACE = "!space:old.example";
const MOD = "@mod:third.example";
const SHUTS_OUT_OLD = { "m.room.server_acl": { allow: ["*"], deny: ["old.example"] } };
const LEVELS = { invite: 50, users: { [SOURCE]: 100, [ADMIN]: 100, [MOD]: 50 } };
const WITH_MOD = { members: { [ADMIN]: "join", [MOD]: "join" } } as const;

/** Rooms whose ACL denies the old server: the others drop what its accounts do. */
const ROWS: DecisionRow[] = [
  {
    name: "the source has the level to invite: a member on another server is asked",
    room: { state: SHUTS_OUT_OLD, levels: LEVELS, ...WITH_MOD },
    route: "ask_moderator",
    status: "needs_moderator",
    reason: "source_server_acl",
    helpers: [MOD],
  },
  {
    name: "only accounts of the old server have the level to invite",
    room: { state: SHUTS_OUT_OLD, levels: { invite: 50, users: { [SOURCE]: 100, [ADMIN]: 100 } } },
    route: "impossible",
    status: "skipped",
    reason: "no_helper",
    helpers: [],
  },
  {
    name: "a public room with a member on another server",
    room: { state: SHUTS_OUT_OLD, levels: LEVELS, rule: "public", ...WITH_MOD },
    route: "join",
    routes: ["join", "ask_moderator"],
  },
  {
    name: "a public room in which no member on another server is known",
    room: { state: SHUTS_OUT_OLD, levels: LEVELS, rule: "public", members: { [ADMIN]: "join" } },
    route: "impossible",
    reason: "no_helper",
  },
  {
    name: "a pending invitation",
    room: { state: SHUTS_OUT_OLD, levels: LEVELS, ...WITH_MOD, target: "invite" },
    seenByTarget: targetRoom(ROOM, "invite"),
    route: "accept_invite",
    routes: ["accept_invite", "ask_moderator"],
  },
  {
    name: "a restricted room in which only the source's server could vouch",
    room: {
      state: SHUTS_OUT_OLD,
      levels: { invite: 50, users: { [SOURCE]: 100 } },
      rule: "restricted",
      allow: membershipRule(SPACE),
      ...WITH_MOD,
    },
    others: [{ roomId: SPACE, rule: "public" }],
    route: "impossible",
    reason: "no_helper",
  },
  {
    name: "a restricted room in which another server can vouch",
    room: {
      state: SHUTS_OUT_OLD,
      levels: LEVELS,
      rule: "restricted",
      allow: membershipRule(SPACE),
      ...WITH_MOD,
    },
    others: [{ roomId: SPACE, rule: "public" }],
    route: "join_restricted",
    through: SPACE,
  },
  {
    name: "a knock that a member on another server may accept",
    room: { state: SHUTS_OUT_OLD, levels: LEVELS, rule: "knock", ...WITH_MOD },
    route: "knock",
    reason: "source_server_acl",
    helpers: [MOD],
  },
  {
    name: "a ban that the source could have lifted",
    room: {
      state: SHUTS_OUT_OLD,
      levels: { ...LEVELS, users: { [SOURCE]: 100 } },
      members: {},
      target: "ban",
    },
    route: "impossible",
    reason: "no_helper",
  },
];

describe("a room that shuts out the old account's server", () => {
  it.each(ROWS)("is decided: $name", expectDecision);

  it("is never joined through that server, and gets no power from the old account", () => {
    const room = sketchRoom({ state: SHUTS_OUT_OLD, levels: LEVELS, rule: "public", ...WITH_MOD });
    const row = rowOf(plan([room]));
    expect(row.via).toEqual(["third.example"]);
    expect([row.grant.outcome, row.power.wanted]).toEqual(["cannot_write", 100]);
    expect(row.warnings).toContainEqual({
      code: "power_not_transferable",
      wanted: 100,
      source: 100,
      required: 50,
      isSourceShutOut: true,
      helpers: [],
    });
    expect(row.warnings.map(({ code }) => code)).not.toContain("last_admin");
  });

  it("asks which members are on other servers before it gives up", () => {
    const room = sketchRoom({
      state: SHUTS_OUT_OLD,
      levels: LEVELS,
      rule: "public",
      members: {},
      joinedCount: 9,
    });
    const made = plan([room], { areMembersRead: false });
    expect(made.membersNeeded).toMatchObject([{ roomId: ROOM, isAnyoneNeeded: true, purpose: "route" }]);
  });
});

import { describe, expect, it } from "vitest";
import {
  ADMIN,
  SOURCE,
  membershipRule,
  plan,
  rowOf,
  sketchRoom,
} from "../../../../support/plans/planned-rooms.ts";

const ROOM = "!room:old.example";
const SPACE = "!space:old.example";
const MOD = "@mod:third.example";
const MODS = { [ADMIN]: "join", [MOD]: "join" } as const;

describe("room versions", () => {
  const space = { roomId: SPACE, rule: "public" };
  it.each([
    { version: "6", rule: "knock", route: "impossible" },
    { version: "7", rule: "knock", route: "knock" },
    { version: "7", rule: "restricted", route: "impossible" },
    { version: "8", rule: "restricted", route: "join_restricted" },
    { version: "9", rule: "restricted", route: "join_restricted" },
    { version: "9", rule: "knock_restricted", route: "impossible" },
    { version: "10", rule: "knock_restricted", route: "join_restricted" },
    { version: "12", rule: "knock_restricted", route: "join_restricted" },
    { version: "2", rule: "invite", route: "ask_moderator" },
    { version: "12", rule: "invite", route: "ask_moderator" },
  ])("version $version with $rule → $route", ({ version, rule, route }) => {
    const rooms = [sketchRoom({ version, rule, allow: membershipRule(SPACE) }), sketchRoom(space)];
    const room = rowOf(plan(rooms), ROOM);
    expect(room.route).toBe(route);
    if (route === "impossible") expect(room.reason?.code).toBe("unknown_join_rule");
  });

  it.each(["3", "5", "7", "9", "10", "11", "12"])(
    "reads levels written as text as version %s does",
    (version) => {
      const levels = {
        invite: "050",
        users: { [SOURCE]: " +50 ", ...(version === "12" ? {} : { [ADMIN]: "100" }) },
      };
      const isAllowed = Number(version) <= 9;
      expect(rowOf(plan([sketchRoom({ version, levels })])).route).toBe(
        isAllowed ? "invite" : version === "12" ? "ask_moderator" : "impossible",
      );
    },
  );

  it("lets every creator of a version 12 room invite at any levels", () => {
    const levels = { invite: 100, users: { [SOURCE]: 0 } };
    expect(rowOf(plan([sketchRoom({ version: "12", levels, creator: SOURCE })])).route).toBe("invite");
    expect(
      rowOf(plan([sketchRoom({ version: "12", levels, create: { additional_creators: [SOURCE] } })])).route,
    ).toBe("invite");
    const before = { ...levels, users: { ...levels.users, [ADMIN]: 100 } };
    expect(
      rowOf(plan([sketchRoom({ version: "11", levels: before, create: { additional_creators: [SOURCE] } })]))
        .route,
    ).toBe("ask_moderator");
  });

  it("names a creator first, as a creator", () => {
    const other = "@other:third.example";
    const room = sketchRoom({
      version: "12",
      levels: { invite: 50, users: { [MOD]: 9000 } },
      create: { additional_creators: [other] },
      members: { ...MODS, [other]: "join" },
    });
    expect(rowOf(plan([room])).helpers).toEqual([
      { userId: ADMIN, displayName: null, power: "creator" },
      { userId: other, displayName: null, power: "creator" },
      { userId: MOD, displayName: null, power: 9000 },
    ]);
  });
});

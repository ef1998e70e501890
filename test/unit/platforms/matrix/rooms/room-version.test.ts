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
    ["6", "knock", "impossible"],
    ["7", "knock", "knock"],
    ["7", "restricted", "impossible"],
    ["8", "restricted", "join_restricted"],
    ["9", "restricted", "join_restricted"],
    ["9", "knock_restricted", "impossible"],
    ["10", "knock_restricted", "join_restricted"],
    ["12", "knock_restricted", "join_restricted"],
    ["2", "invite", "ask_moderator"],
    ["12", "invite", "ask_moderator"],
  ])("version %s with %s → %s", (version, rule, route) => {
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

  it("lets every creator of a version 12 room invite, whatever the levels", () => {
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

  it("names a creator first and as such", () => {
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

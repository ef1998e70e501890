import { describe, expect, it } from "vitest";
import {
  SOURCE,
  SOURCE_MAY_INVITE,
  TARGET,
  account,
  membershipRule,
  plan,
  rowOf,
  sketchRoom,
} from "../../../../support/plans/planned-rooms.ts";

const A = "!a:old.example";
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

describe("refusals", () => {
  const restricted = [
    sketchRoom({ roomId: A, rule: "restricted", allow: membershipRule(B), levels: SOURCE_MAY_INVITE }),
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

  it("continues with the next route, and at the end shows the server's text", () => {
    expect(rowOf(plan(restricted, { refusals: new Map([[A, [refused("join_restricted")]]]) }), A).route).toBe(
      "invite",
    );
    const last = rowOf(
      plan(restricted, { refusals: new Map([[A, [refused("join_restricted"), refused("invite")]]]) }),
      A,
    );
    expect([last.route, last.reason]).toEqual(["ask_moderator", { code: "refused", serverText: "No." }]);
  });

  it("closes the rooms that a refused space would have opened", () => {
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

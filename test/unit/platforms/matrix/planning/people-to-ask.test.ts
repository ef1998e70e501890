import { describe, expect, it } from "vitest";
import { withMembers } from "../../../../../src/platforms/matrix/rooms/room-snapshot.ts";
import { ADMIN, SOURCE, TARGET, plan, rowOf, sketchRoom } from "../../../../support/plans/planned-rooms.ts";

describe("helpers", () => {
  const users = (count: number): string[] =>
    Array.from({ length: count }, (_, index) => `@m${String(index).padStart(3, "0")}:x.example`);
  const levelled = (userIds: string[], level: number): Record<string, number> =>
    Object.fromEntries(userIds.map((userId) => [userId, level]));

  it("names ten, recently active ones first, and counts the others", () => {
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

  it("asks once for the members that it must know, and names nobody before it knows them", () => {
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

  it("names anybody if everybody but the old account may invite", () => {
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

  it("does not name bots, nor accounts that look like bots while people can help", () => {
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
    expect([row.route, row.reason?.code]).toEqual(["impossible", "server_notices"]);
  });
});

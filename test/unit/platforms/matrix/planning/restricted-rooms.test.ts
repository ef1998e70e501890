import { describe, expect, it } from "vitest";
import { NO_FILTERS } from "../../../../../src/model/filters.ts";
import type { RoomSnapshot } from "../../../../../src/platforms/matrix/rooms/types.ts";
import type { RoomSketch } from "../../../../support/plans/planned-rooms.ts";
import {
  SOURCE_MAY_INVITE,
  membershipRule,
  plan,
  rowOf,
  sketchRoom,
  targetRoom,
} from "../../../../support/plans/planned-rooms.ts";

const A = "!a:old.example";
const B = "!b:old.example";
const C = "!c:old.example";

function chain(depth: number, first: RoomSketch): RoomSnapshot[] {
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

  it("needs one invitation for a chain whose first room needs one", () => {
    const made = plan(chain(50, { levels: SOURCE_MAY_INVITE }));
    expect(made.rooms.map((room) => room.route)).toEqual([
      "invite",
      ...Array.from({ length: 50 }, () => "join_restricted"),
    ]);
  });

  it("names for every room of a closed chain the space that it needs", () => {
    const made = plan(chain(3, {}));
    expect(made.rooms.map((room) => [room.route, room.through])).toEqual([
      ["ask_moderator", null],
      ["ask_moderator", "!0:x.example"],
      ["ask_moderator", "!1:x.example"],
      ["ask_moderator", "!2:x.example"],
    ]);
  });

  it("invites the target into the space of a cycle and joins the other rooms through it", () => {
    const made = plan([
      sketchRoom({ roomId: A, rule: "restricted", allow: membershipRule(B), levels: SOURCE_MAY_INVITE }),
      sketchRoom({
        roomId: B,
        rule: "restricted",
        allow: membershipRule(C),
        levels: SOURCE_MAY_INVITE,
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

  it("asks the people of a cycle that no room opens", () => {
    const made = plan([
      sketchRoom({ roomId: A, rule: "restricted", allow: membershipRule(B) }),
      sketchRoom({ roomId: B, rule: "restricted", allow: membershipRule(A, B) }),
    ]);
    expect(made.rooms.map((room) => [room.route, room.reason?.code])).toEqual([
      ["ask_moderator", "space_unreachable"],
      ["ask_moderator", "space_unreachable"],
    ]);
  });

  it("uses a space that only the new account is in, but prefers one that both accounts are in", () => {
    const room = sketchRoom({ roomId: A, rule: "restricted", allow: membershipRule("!mine:new.example", B) });
    const mine = targetRoom("!mine:new.example", "join");
    expect(rowOf(plan([room], { targetRooms: [mine] })).through).toBe("!mine:new.example");
    expect(
      rowOf(plan([room, sketchRoom({ roomId: B })], { targetRooms: [mine, targetRoom(B, "join")] }), A)
        .through,
    ).toBe(B);
  });

  it("does not use a space that a filter leaves out", () => {
    const rooms = [
      sketchRoom({ roomId: A, rule: "restricted", allow: membershipRule(B) }),
      sketchRoom({ roomId: B, rule: "public" }),
    ];
    const made = plan(rooms, { filters: { ...NO_FILTERS, exclude: [B] } });
    expect(made.rooms.map((room) => room.route)).toEqual(["ask_moderator", "excluded"]);
    expect(rowOf(made, A).reason).toEqual({ code: "space_unreachable", through: B });
  });

  it("lets a bot vouch for a join, although no person would ask it", () => {
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

import { performance } from "node:perf_hooks";
import { describe, expect, it } from "vitest";
import type { RoomSnapshot } from "../../../../../src/platforms/matrix/rooms/types.ts";
import { ADMIN, SOURCE, membershipRule, plan, sketchRoom } from "../../../../support/plans/planned-rooms.ts";

const KINDS = ["public", "invite", "restricted", "knock", "knock_restricted"] as const;

/** Rooms of every kind in one chain of spaces, each with fifty people of power. */
function manyRooms(count: number): RoomSnapshot[] {
  const users = Object.fromEntries(
    Array.from({ length: 50 }, (_, index) => [`@u${index}:s${index % 7}.example`, 10 + index]),
  );
  return Array.from({ length: count }, (_, index) =>
    sketchRoom({
      roomId: `!${index}:x.example`,
      rule: KINDS[index % KINDS.length] ?? "invite",
      allow: membershipRule(`!${index - 1}:x.example`, `!${(index * 7) % count}:x.example`),
      levels: { invite: 50, users: { ...users, [ADMIN]: 100, ...(index % 4 === 0 ? { [SOURCE]: 50 } : {}) } },
      state: {
        "m.room.server_acl": {
          allow: ["*"],
          deny: Array.from({ length: 40 }, (__, deny) => `*.bad${deny}.example`),
        },
      },
    }),
  );
}

describe("a plan's size", () => {
  it.each([1000, 3000])("%i rooms are planned at once", (count) => {
    const rooms = manyRooms(count);
    const startedAt = performance.now();
    const made = plan(rooms);
    process.stdout.write(`planned ${count} rooms in ${Math.round(performance.now() - startedAt)} ms\n`);
    expect(made.rooms.map((room) => room.roomId)).toEqual(rooms.map((room) => room.roomId));
  });

  it("a chain of 3000 spaces needs no deep call stack", () => {
    const rooms = Array.from({ length: 3000 }, (_, index) =>
      sketchRoom({
        roomId: `!${index}:x`,
        rule: "restricted",
        allow: membershipRule(`!${index + 1}:x`),
        levels: { users: {} },
      }),
    );
    const made = plan(rooms);
    expect(made.rooms.filter((room) => room.route === "invite").map((room) => room.roomId)).toEqual([
      "!2999:x",
    ]);
    expect(made.order[0]).toBe("!2999:x");
  });
});

import { describe, expect, it } from "vitest";
import { multiplied } from "../../bench/multiplied.ts";
import { account, membershipRule, plan, sketchRoom, SOURCE } from "../../support/plans/planned-rooms.ts";

describe("multiplied", () => {
  it("gives every outcome as often as it copies, copies leading to copies", () => {
    const space = sketchRoom({ roomId: "!space:old.example", rule: "public" });
    const inside = sketchRoom({
      roomId: "!inside",
      rule: "restricted",
      allow: membershipRule("!space:old.example"),
    });
    const replaced = sketchRoom({
      roomId: "!replaced:old.example",
      state: { "m.room.tombstone": { replacement_room: "!space:old.example" } },
    });
    const many = multiplied(account(SOURCE, [space, inside, replaced]), 3);
    const { rooms } = plan([...many.rooms.values()]);
    expect(rooms.map((row) => [row.roomId, row.route, row.through ?? row.successor])).toEqual(
      ["", "-1", "-2"].flatMap((copy) => [
        [`!space${copy}:old.example`, "join", null],
        [`!inside${copy}`, "join_restricted", `!space${copy}:old.example`],
        [`!replaced${copy}:old.example`, "successor", `!space${copy}:old.example`],
      ]),
    );
  });
});

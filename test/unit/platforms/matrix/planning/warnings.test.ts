import { describe, expect, it } from "vitest";
import type { RoomSketch } from "../../../../support/plans/planned-rooms.ts";
import { ADMIN, SOURCE, plan, rowOf, sketchRoom } from "../../../../support/plans/planned-rooms.ts";

describe("warnings", () => {
  function warnings(sketch: RoomSketch, roomsWithAllKeys?: ReadonlySet<string>): unknown[] {
    const made = plan([sketchRoom({ rule: "public", ...sketch })], roomsWithAllKeys && { roomsWithAllKeys });
    return rowOf(made).warnings.map((warning) => warning.code);
  }
  it.each<{ name: string; sketch: RoomSketch; expected: string[] }>([
    {
      name: "history for members only",
      sketch: { state: { "m.room.history_visibility": { history_visibility: "joined" } } },
      expected: ["history_hidden"],
    },
    {
      name: "history from the invitation on",
      sketch: { state: { "m.room.history_visibility": { history_visibility: "invited" } } },
      expected: ["history_hidden"],
    },
    {
      name: "history visibility without a value",
      sketch: { state: { "m.room.history_visibility": {} } },
      expected: ["history_hidden"],
    },
    {
      name: "history for all",
      sketch: { state: { "m.room.history_visibility": { history_visibility: "world_readable" } } },
      expected: [],
    },
    { name: "no history visibility event", sketch: {}, expected: [] },
    { name: "encrypted", sketch: { state: { "m.room.encryption": {} } }, expected: ["encrypted_history"] },
    {
      name: "a policy server",
      sketch: { state: { "m.room.policy": { via: "policy.example" } } },
      expected: ["policy_server"],
    },
    {
      name: "power that cannot be given",
      sketch: { levels: { users: { [SOURCE]: 50, [ADMIN]: 100 }, events: { "m.room.power_levels": 100 } } },
      expected: ["power_not_transferable"],
    },
    {
      name: "power that can be given",
      sketch: { levels: { users: { [SOURCE]: 50, [ADMIN]: 100 } } },
      expected: [],
    },
    {
      name: "a creator",
      sketch: { version: "12", creator: SOURCE, create: { additional_creators: [ADMIN] }, levels: {} },
      expected: ["creator_not_transferable"],
    },
    {
      name: "the last admin",
      sketch: { levels: { users: { [SOURCE]: 100, [ADMIN]: 40 } } },
      expected: ["last_admin"],
    },
    {
      name: "the last creator",
      sketch: {
        version: "12",
        creator: SOURCE,
        levels: { events: { "m.room.power_levels": 100 }, users: { [ADMIN]: 50 } },
      },
      expected: ["creator_not_transferable", "last_admin"],
    },
    {
      name: "a source that is alone in the room",
      sketch: { joinedCount: 1, members: {}, levels: { users: { [SOURCE]: 100 } } },
      expected: ["only_member", "last_admin"],
    },
  ])("$name", ({ sketch, expected }) => expect(warnings(sketch)).toEqual(expected));

  it("do not name an encrypted room whose keys are all in the new backup", () => {
    const hidden = { "m.room.history_visibility": { history_visibility: "joined" } };
    const sketch = { roomId: "!a:old.example", state: { ...hidden, "m.room.encryption": {} } };
    expect(warnings(sketch, new Set(["!a:old.example"]))).toEqual(["history_hidden"]);
    expect(warnings(sketch, new Set(["!b:old.example"]))).toEqual(["history_hidden", "encrypted_history"]);
  });

  it("names who could give the power", () => {
    const row = rowOf(
      plan([
        sketchRoom({
          rule: "public",
          levels: { users: { [SOURCE]: 50, [ADMIN]: 100 }, events: { "m.room.power_levels": 100 } },
        }),
      ]),
    );
    expect(row.power).toEqual({ source: 50, wanted: 50, target: null });
    expect(row.warnings).toMatchObject([
      { code: "power_not_transferable", wanted: 50, source: 50, required: 100, helpers: [{ userId: ADMIN }] },
    ]);
  });
});

import { expect, it } from "vitest";
import { readMarkersPlan } from "../../../../../../src/platforms/matrix/categories/read-markers/plan.ts";
import { inShort, newAccount, oldAccount, roomIdOnTarget, short } from "../contents-sketch.ts";

function marker(content: unknown): Record<string, unknown> {
  return { "m.fully_read": content, "m.marked_unread": { unread: true } };
}

it.each<[string, Record<string, unknown>, Record<string, unknown>, number, string[], string[]]>([
  ["misses a marker where the target has none", { "!a": { event_id: "$1" } }, {}, 0, ["!a"], []],
  ["counts the same marker", { "!a": { event_id: "$1" } }, { "!a": { event_id: "$1" } }, 1, [], []],
  [
    "counts another marker, for markers only move forward",
    { "!a": { event_id: "$1" } },
    { "!a": { event_id: "$2" } },
    1,
    [],
    [],
  ],
  [
    "does not count what is no marker on the target",
    { "!a": { event_id: "$1" } },
    { "!a": { event_id: 7 } },
    0,
    ["!a"],
    [],
  ],
  [
    "cannot follow a room to its replacement",
    { "!upgraded:a": { event_id: "$1" } },
    {},
    0,
    [],
    ["!upgraded:a: room_replaced"],
  ],
  ["leaves rooms that are not moved", { "!gone": { event_id: "$1" } }, {}, 0, [], ["!gone: room_not_moved"]],
  [
    "tells of what names no event",
    { "!a": { event_id: "up to here" }, "!b": null, "!c": [] },
    {},
    0,
    [],
    ["!a: malformed", "!b: malformed", "!c: malformed"],
  ],
])("%s", (_name, source, target, ...expected) => {
  const sketch = (markers: Record<string, unknown>) => ({
    roomAccountData: Object.fromEntries(
      Object.entries(markers).map(([roomId, content]) => [roomId, marker(content)]),
    ),
  });
  const comparison = readMarkersPlan.compare(
    oldAccount(sketch(source)),
    newAccount(sketch(target)),
    roomIdOnTarget,
  );
  expect(inShort(comparison)).toEqual(short(...expected));
});

it("has nothing to say of a room without a marker", () => {
  const source = oldAccount({ roomAccountData: { "!gone": { "m.marked_unread": { unread: true } } } });
  expect(inShort(readMarkersPlan.compare(source, newAccount(), roomIdOnTarget))).toEqual({
    present: 0,
    missing: [],
    left: [],
  });
});

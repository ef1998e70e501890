import { expect, it } from "vitest";
import { readMarkersPlan } from "../../../../../../src/platforms/matrix/categories/read-markers/plan.ts";
import { inShort, newAccount, oldAccount, roomIdOnTarget } from "../contents-sketch.ts";

function marker(content: unknown): Record<string, unknown> {
  return { "m.fully_read": content, "m.marked_unread": { unread: true } };
}

it.each<{
  name: string;
  source: Record<string, unknown>;
  target: Record<string, unknown>;
  present: number;
  missing: string[];
  left: string[];
}>([
  {
    name: "misses a marker where the target has none",
    source: { "!a": { event_id: "$1" } },
    target: {},
    present: 0,
    missing: ["!a"],
    left: [],
  },
  {
    name: "counts the same marker",
    source: { "!a": { event_id: "$1" } },
    target: { "!a": { event_id: "$1" } },
    present: 1,
    missing: [],
    left: [],
  },
  {
    name: "counts another marker, for markers only move forward",
    source: { "!a": { event_id: "$1" } },
    target: { "!a": { event_id: "$2" } },
    present: 1,
    missing: [],
    left: [],
  },
  {
    name: "does not count what is no marker on the target",
    source: { "!a": { event_id: "$1" } },
    target: { "!a": { event_id: 7 } },
    present: 0,
    missing: ["!a"],
    left: [],
  },
  {
    name: "cannot follow a room to its replacement",
    source: { "!upgraded:a": { event_id: "$1" } },
    target: {},
    present: 0,
    missing: [],
    left: ["!upgraded:a: room_replaced"],
  },
  {
    name: "leaves rooms that are not moved",
    source: { "!gone": { event_id: "$1" } },
    target: {},
    present: 0,
    missing: [],
    left: ["!gone: room_not_moved"],
  },
  {
    name: "reports a marker that names no event",
    source: { "!a": { event_id: "up to here" }, "!b": null, "!c": [] },
    target: {},
    present: 0,
    missing: [],
    left: ["!a: malformed", "!b: malformed", "!c: malformed"],
  },
])("$name", ({ source, target, present, missing, left }) => {
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
  expect(inShort(comparison)).toEqual({ present, missing, left });
});

it("has nothing to say of a room without a marker", () => {
  const source = oldAccount({ roomAccountData: { "!gone": { "m.marked_unread": { unread: true } } } });
  expect(inShort(readMarkersPlan.compare(source, newAccount(), roomIdOnTarget))).toEqual({
    present: 0,
    missing: [],
    left: [],
  });
});

import { expect, it } from "vitest";
import { tagsPlan } from "../../../../../../src/platforms/matrix/categories/tags/plan.ts";
import type { ContentsSketch } from "../contents-sketch.ts";
import { inShort, newAccount, oldAccount, roomIdOnTarget } from "../contents-sketch.ts";

type Tags = NonNullable<ContentsSketch["tags"]>;
const long = "u.".padEnd(256, "x");

it.each<{ name: string; source: Tags; target: Tags; present: number; missing: string[]; left: string[] }>([
  {
    name: "names each missing tag by room and tag",
    source: { "!a": { "m.favourite": 0.5, "u.work": null } },
    target: {},
    present: 0,
    missing: ["!a m.favourite", "!a u.work"],
    left: [],
  },
  {
    name: "counts a tag that is there, whatever its order",
    source: { "!a": { "m.favourite": 0.5, "u.work": 1 } },
    target: { "!a": { "m.favourite": 0.9 } },
    present: 1,
    missing: ["!a u.work"],
    left: [],
  },
  {
    name: "does not take another room's tag",
    source: { "!a": { "u.work": 1 } },
    target: { "!b": { "u.work": 1 } },
    present: 0,
    missing: ["!a u.work"],
    left: [],
  },
  {
    name: "leaves a server's notices to the server",
    source: { "!a": { "m.server_notice": null } },
    target: {},
    present: 0,
    missing: [],
    left: ["!a m.server_notice: bound_to_server"],
  },
  {
    name: "moves tags of an upgraded room to its replacement, once",
    source: { "!upgraded:a": { "u.x": 1, "u.y": 1 }, "!replacement:a": { "u.x": 0 } },
    target: {},
    present: 0,
    missing: ["!replacement:a u.x", "!replacement:a u.y"],
    left: [],
  },
  {
    name: "reports tags in rooms that are not moved",
    source: { "!gone": { "u.x": 1, "u.y": 1 } },
    target: {},
    present: 0,
    missing: [],
    left: ["!gone u.x: room_not_moved", "!gone u.y: room_not_moved"],
  },
  {
    name: "reports tags that no server takes",
    source: { "!a": { [long]: 1, "": 1 } },
    target: {},
    present: 0,
    missing: [],
    left: [`!a ${long}: malformed`, "!a : malformed"],
  },
])("$name", ({ source, target, present, missing, left }) => {
  const comparison = tagsPlan.compare(
    oldAccount({ tags: source }),
    newAccount({ tags: target }),
    roomIdOnTarget,
  );
  expect(inShort(comparison)).toEqual({ present, missing, left });
});

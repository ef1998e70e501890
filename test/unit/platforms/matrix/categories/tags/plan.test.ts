import { expect, it } from "vitest";
import { tagsPlan } from "../../../../../../src/platforms/matrix/categories/tags/plan.ts";
import { inShort, newAccount, oldAccount, roomIdOnTarget, short } from "../contents-sketch.ts";
import type { ContentsSketch } from "../contents-sketch.ts";

type Tags = NonNullable<ContentsSketch["tags"]>;
const long = "u.".padEnd(256, "x");

it.each<[string, Tags, Tags, number, string[], string[]]>([
  [
    "names each missing tag by room and tag",
    { "!a": { "m.favourite": 0.5, "u.work": null } },
    {},
    0,
    ["!a m.favourite", "!a u.work"],
    [],
  ],
  [
    "counts a tag that is there, whatever its order",
    { "!a": { "m.favourite": 0.5, "u.work": 1 } },
    { "!a": { "m.favourite": 0.9 } },
    1,
    ["!a u.work"],
    [],
  ],
  [
    "does not take another room's tag",
    { "!a": { "u.work": 1 } },
    { "!b": { "u.work": 1 } },
    0,
    ["!a u.work"],
    [],
  ],
  [
    "leaves a server's notices to the server",
    { "!a": { "m.server_notice": null } },
    {},
    0,
    [],
    ["!a m.server_notice: bound_to_server"],
  ],
  [
    "moves tags of an upgraded room to its replacement, once",
    { "!upgraded:a": { "u.x": 1, "u.y": 1 }, "!replacement:a": { "u.x": 0 } },
    {},
    0,
    ["!replacement:a u.x", "!replacement:a u.y"],
    [],
  ],
  [
    "tells of tags in rooms that are not moved",
    { "!gone": { "u.x": 1, "u.y": 1 } },
    {},
    0,
    [],
    ["!gone u.x: room_not_moved", "!gone u.y: room_not_moved"],
  ],
  [
    "tells of tags that no server takes",
    { "!a": { [long]: 1, "": 1 } },
    {},
    0,
    [],
    [`!a ${long}: malformed`, "!a : malformed"],
  ],
])("%s", (_name, source, target, ...expected) => {
  const comparison = tagsPlan.compare(
    oldAccount({ tags: source }),
    newAccount({ tags: target }),
    roomIdOnTarget,
  );
  expect(inShort(comparison)).toEqual(short(...expected));
});

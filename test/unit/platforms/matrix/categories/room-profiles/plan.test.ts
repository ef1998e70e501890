import { expect, it } from "vitest";
import { roomProfilesPlan } from "../../../../../../src/platforms/matrix/categories/room-profiles/plan.ts";
import { inShort, newAccount, oldAccount, roomIdOnTarget, short } from "../contents-sketch.ts";
import type { ContentsSketch } from "../contents-sketch.ts";

type RoomProfiles = NonNullable<ContentsSketch["roomProfiles"]>;
const everywhere = { displayName: "Mo", avatarUrl: "mxc://old.example/mo" };
const everywhereNew = { displayName: "Mo", avatarUrl: "mxc://new.example/mo" };
const cat = { avatarUrl: "mxc://old.example/cat" };
const newCat = { avatarUrl: "mxc://new.example/cat" };

it.each<[string, RoomProfiles, RoomProfiles, number, string[], string[]]>([
  [
    "has nothing to move where the room knows the usual profile",
    { "!a": everywhere, "!b": {} },
    {},
    0,
    [],
    [],
  ],
  ["misses a name of its own", { "!a": { displayName: "Maestro" } }, { "!a": everywhereNew }, 0, ["!a"], []],
  [
    "misses it in a room that the target is not in yet",
    { "!a": { displayName: "Maestro" } },
    {},
    0,
    ["!a"],
    [],
  ],
  [
    "counts the same name",
    { "!a": { displayName: "Maestro" } },
    { "!a": { displayName: "Maestro" } },
    1,
    [],
    [],
  ],
  [
    "keeps a name that the target has chosen for the room",
    { "!a": { displayName: "Maestro" } },
    { "!a": { displayName: "Chef" } },
    0,
    [],
    ["!a: target_has_own"],
  ],
  [
    "counts any avatar for that room alone, as it is uploaded anew",
    { "!a": cat },
    { "!a": newCat },
    1,
    [],
    [],
  ],
  ["does not count the usual avatar", { "!a": cat }, { "!a": everywhereNew }, 0, ["!a"], []],
  [
    "needs both where both differ",
    { "!a": { displayName: "Maestro", ...cat } },
    { "!a": { displayName: "Maestro" } },
    0,
    ["!a"],
    [],
  ],
  [
    "follows a room to its replacement",
    { "!upgraded:a": { displayName: "Maestro" } },
    { "!replacement:a": { displayName: "Maestro" } },
    1,
    [],
    [],
  ],
  [
    "leaves rooms that are not moved",
    { "!gone": { displayName: "Maestro" } },
    {},
    0,
    [],
    ["!gone: room_not_moved"],
  ],
])("%s", (_name, source, target, ...expected) => {
  const comparison = roomProfilesPlan.compare(
    oldAccount({ profile: everywhere, roomProfiles: source }),
    newAccount({ profile: everywhereNew, roomProfiles: target }),
    roomIdOnTarget,
  );
  expect(inShort(comparison)).toEqual(short(...expected));
});

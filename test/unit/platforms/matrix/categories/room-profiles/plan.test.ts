import { expect, it } from "vitest";
import { stages } from "../../../../../../src/model/step.ts";
import { roomProfilesPlan } from "../../../../../../src/platforms/matrix/categories/room-profiles/plan.ts";
import type { ContentsSketch } from "../contents-sketch.ts";
import { OLD, inShort, newAccount, oldAccount, roomIdOnTarget } from "../contents-sketch.ts";

type RoomProfiles = NonNullable<ContentsSketch["roomProfiles"]>;
const everywhere = { displayName: "Mo", avatarUrl: "mxc://old.example/mo" };
const everywhereNew = { displayName: "Mo", avatarUrl: "mxc://new.example/mo" };
const cat = { avatarUrl: "mxc://old.example/cat" };
const newCat = { avatarUrl: "mxc://new.example/cat" };

it.each<{
  name: string;
  source: RoomProfiles;
  target: RoomProfiles;
  present: number;
  missing: string[];
  left: string[];
}>([
  {
    name: "has nothing to move where the room knows the usual profile",
    source: { "!a": everywhere, "!b": {} },
    target: {},
    present: 0,
    missing: [],
    left: [],
  },
  {
    name: "misses a name of its own",
    source: { "!a": { displayName: "Maestro" } },
    target: { "!a": everywhereNew },
    present: 0,
    missing: ["!a"],
    left: [],
  },
  {
    name: "misses it in a room that the target is not in yet",
    source: { "!a": { displayName: "Maestro" } },
    target: {},
    present: 0,
    missing: ["!a"],
    left: [],
  },
  {
    name: "counts the same name",
    source: { "!a": { displayName: "Maestro" } },
    target: { "!a": { displayName: "Maestro" } },
    present: 1,
    missing: [],
    left: [],
  },
  {
    name: "keeps a name that the target has chosen for the room",
    source: { "!a": { displayName: "Maestro" } },
    target: { "!a": { displayName: "Chef" } },
    present: 0,
    missing: [],
    left: ["!a: target_has_own"],
  },
  {
    name: "counts any avatar for that room alone, because it is uploaded again",
    source: { "!a": cat },
    target: { "!a": newCat },
    present: 1,
    missing: [],
    left: [],
  },
  {
    name: "does not count the usual avatar",
    source: { "!a": cat },
    target: { "!a": everywhereNew },
    present: 0,
    missing: ["!a"],
    left: [],
  },
  {
    name: "needs both where both differ",
    source: { "!a": { displayName: "Maestro", ...cat } },
    target: { "!a": { displayName: "Maestro" } },
    present: 0,
    missing: ["!a"],
    left: [],
  },
  {
    name: "follows a room to its replacement",
    source: { "!upgraded:a": { displayName: "Maestro" } },
    target: { "!replacement:a": { displayName: "Maestro" } },
    present: 1,
    missing: [],
    left: [],
  },
  {
    name: "leaves rooms that are not moved",
    source: { "!gone": { displayName: "Maestro" } },
    target: {},
    present: 0,
    missing: [],
    left: ["!gone: room_not_moved"],
  },
  {
    name: "leaves the name that a server gave",
    source: { "!a": { displayName: "me" }, "!b": { displayName: OLD }, "!c": { displayName: "me", ...cat } },
    target: {},
    present: 0,
    missing: ["!c"],
    left: ["!a: server_default", "!b: server_default"],
  },
  {
    name: "leaves a name that three rooms still show from former days",
    source: {
      "!a": { displayName: "Old Mo" },
      "!b": { displayName: "Old Mo", avatarUrl: everywhere.avatarUrl },
      "!c": { displayName: "Old Mo" },
      "!d": { displayName: "Maestro" },
      "!e": { displayName: "Maestro" },
    },
    target: {},
    present: 0,
    missing: ["!d", "!e"],
    left: ["!a: former_profile", "!b: former_profile", "!c: former_profile"],
  },
  {
    name: "leaves a picture that three rooms still show from former days",
    source: { "!a": cat, "!b": { ...cat, displayName: "Maestro" }, "!c": { ...cat, displayName: "Mo" } },
    target: {},
    present: 0,
    missing: ["!b"],
    left: ["!a: former_profile", "!c: former_profile"],
  },
  {
    name: "counts a replaced room and its replacement as one",
    source: {
      "!upgraded:a": { displayName: "Maestro" },
      "!replacement:a": { displayName: "Maestro" },
      "!b": { displayName: "Maestro" },
    },
    target: {},
    present: 0,
    missing: ["!replacement:a", "!b"],
    left: [],
  },
  {
    name: "replaces the name that the target's server gave",
    source: { "!a": { displayName: "Maestro" } },
    target: { "!a": { displayName: "me" } },
    present: 0,
    missing: ["!a"],
    left: [],
  },
])("$name", ({ source, target, present, missing, left }) => {
  const comparison = roomProfilesPlan.compare(
    oldAccount({ profile: everywhere, roomProfiles: source }),
    newAccount({ profile: everywhereNew, roomProfiles: target }),
    roomIdOnTarget,
  );
  expect(inShort(comparison)).toEqual({ present, missing, left });
});

it("writes names in rooms last, with the profiles that the rooms may show by then", () => {
  const target = newAccount({ profile: everywhereNew });
  const source = oldAccount({ profile: everywhere, roomProfiles: { "!a": { displayName: "Maestro" } } });
  const steps = roomProfilesPlan.steps(roomProfilesPlan.compare(source, target, roomIdOnTarget), target);
  expect(steps).toMatchObject([
    {
      key: "room_profile:!a",
      stage: stages.last,
      limits: ["messages"],
      payload: { displayName: "Maestro", avatarUrl: null, everywhere: everywhereNew, copied: everywhere },
    },
  ]);
});

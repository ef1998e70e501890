import { describe, expect, it } from "vitest";
import type { RoomKeys } from "../../../../../../src/model/key-backup.ts";
import type { KeyFacts } from "../../../../../../src/platforms/matrix/categories/room-keys/plan.ts";
import {
  reportKeys,
  roomKeysCategory,
  roomsWithAllKeys,
  unusableNow,
} from "../../../../../../src/platforms/matrix/categories/room-keys/plan.ts";

const FROM = { version: "3", publicKey: "AAAA" };

/** @param rooms expected and present keys by room */
function compared(rooms: Record<string, [expected: number, present: number]>): KeyFacts {
  const entries = Object.entries(rooms).map(([roomId, [expected, present]]): [string, RoomKeys] => [
    roomId,
    { expected, present },
  ]);
  return { kind: "compared", from: FROM, rooms: new Map(entries) };
}

describe("the category of room keys", () => {
  it.each<{ name: string; keys: KeyFacts; expected: number; present: number; missing: string[] }>([
    { name: "no old backup", keys: { kind: "none" }, expected: 0, present: 0, missing: [] },
    {
      name: "an old backup of an unknown kind",
      keys: { kind: "unknown_algorithm" },
      expected: 0,
      present: 0,
      missing: [],
    },
    {
      name: "keys that were not asked for",
      keys: { kind: "not_read" },
      expected: 0,
      present: 0,
      missing: [],
    },
    {
      name: "an empty new backup",
      keys: { kind: "counted", from: FROM, expected: 4_200 },
      expected: 4_200,
      present: 0,
      missing: ["* 4200"],
    },
    {
      name: "two empty backups",
      keys: { kind: "counted", from: FROM, expected: 0 },
      expected: 0,
      present: 0,
      missing: [],
    },
    { name: "a hidden backup", keys: { kind: "unreadable" }, expected: 0, present: 0, missing: ["* ?"] },
    {
      name: "one entry a room, the most missing keys first, then by ID",
      keys: compared({ "!b:x": [3, 2], "!a:x": [5, 4], "!c:x": [9, 0], "!d:x": [2, 2] }),
      expected: 19,
      present: 8,
      missing: ["!c:x 9", "!a:x 1", "!b:x 1"],
    },
    {
      name: "everything there",
      keys: compared({ "!a:x": [5, 5] }),
      expected: 5,
      present: 5,
      missing: [],
    },
    {
      name: "rooms that a server made up",
      keys: compared({ "": [1, 0], "a b\n12": [2, 0], __proto__x: [0, 0] }),
      expected: 3,
      present: 0,
      missing: ["a b\n12 2", " 1"],
    },
  ])("$name", ({ keys, expected, present, missing }) => {
    expect(roomKeysCategory(keys)).toEqual({ name: "room_keys", expected, present, missing });
  });

  it("has missing counts that add up to what is not present", () => {
    const { expected, present, missing } = roomKeysCategory(
      compared({ "!a:x": [7, 3], "!b:x": [2, 0], "!c:x": [1, 1] }),
    );
    const counts = missing.map((line) => Number(line.slice(line.lastIndexOf(" ") + 1)));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(expected - present);
  });

  it("is made of 100,000 rooms", () => {
    const rooms = Object.fromEntries(
      Array.from({ length: 100_000 }, (_, index): [string, [number, number]] => [`!${index}:x`, [2, 1]]),
    );
    expect(roomKeysCategory(compared(rooms)).missing).toHaveLength(100_000);
  });
});

describe("unusable keys", () => {
  const rooms = new Map([["!a:x", 2]]);
  it.each<{ name: string; keys: KeyFacts; from: typeof FROM | null; count: number }>([
    { name: "count for the backup in which they were found", keys: compared({}), from: FROM, count: 1 },
    { name: "are unknown before a copy", keys: compared({}), from: null, count: 0 },
    {
      name: "do not count for another version",
      keys: { kind: "counted", from: FROM, expected: 1 },
      from: { ...FROM, version: "4" },
      count: 0,
    },
    { name: "do not count for another key", keys: compared({}), from: { ...FROM, publicKey: "B" }, count: 0 },
    { name: "do not count without a backup", keys: { kind: "none" }, from: FROM, count: 0 },
  ])("$name", ({ keys, from, count }) => {
    expect(unusableNow(keys, from && { from, rooms }).size).toBe(count);
  });
});

describe("a room has all its keys", () => {
  it.each<{ name: string; room: [number, number]; unusable: number; isComplete: boolean }>([
    { name: "if the new backup has each of them", room: [3, 3], unusable: 0, isComplete: true },
    { name: "not if one is missing", room: [3, 2], unusable: 0, isComplete: false },
    { name: "if it lacks only unusable ones", room: [3, 1], unusable: 2, isComplete: true },
    { name: "not if a usable one is missing as well", room: [3, 0], unusable: 2, isComplete: false },
    { name: "if all are unusable", room: [2, 0], unusable: 2, isComplete: true },
    { name: "not if the old backup has none", room: [0, 0], unusable: 0, isComplete: false },
  ])("$name", ({ room, unusable, isComplete }) => {
    const complete = roomsWithAllKeys(compared({ "!a:x": room }), new Map([["!a:x", unusable]]));
    expect(complete.has("!a:x")).toBe(isComplete);
  });

  it.each<KeyFacts>([
    { kind: "none" },
    { kind: "unknown_algorithm" },
    { kind: "not_read" },
    { kind: "unreadable" },
    { kind: "counted", from: FROM, expected: 0 },
    { kind: "counted", from: FROM, expected: 2 },
  ])("not if the entries were not read: %j", (keys) => {
    expect(roomsWithAllKeys(keys, new Map([["!a:x", 2]])).size).toBe(0);
  });
});

describe("a report about keys", () => {
  const encrypted = ["!a:x", "!b:x", "!c:x"];
  const unusable = new Map([
    ["!a:x", 2],
    ["!gone:x", 5],
  ]);

  it.each<{ name: string; keys: KeyFacts; expected: ReturnType<typeof reportKeys> }>([
    {
      name: "none",
      keys: { kind: "none" },
      expected: { kind: "none", missing: 0, unusable: 0, roomsWithoutKeys: 3 },
    },
    { name: "not read", keys: { kind: "not_read" }, expected: null },
    {
      name: "unreadable",
      keys: { kind: "unreadable" },
      expected: { kind: "unreadable", missing: 0, unusable: 0, roomsWithoutKeys: null },
    },
    {
      name: "counted, with no more unusable keys than the old backup has",
      keys: { kind: "counted", from: FROM, expected: 6 },
      expected: { kind: "counted", missing: 6, unusable: 6, roomsWithoutKeys: null },
    },
    {
      name: "compared, with the unusable keys that are still missing",
      keys: compared({ "!a:x": [4, 3], "!b:x": [0, 0], "!left:x": [7, 0] }),
      expected: { kind: "compared", missing: 8, unusable: 1, roomsWithoutKeys: 2 },
    },
  ])("$name", ({ keys, expected }) => {
    expect(reportKeys(keys, unusable, encrypted)).toEqual(expected);
  });
});

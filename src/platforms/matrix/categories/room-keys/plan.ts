import type { Category } from "../../../../model/categories.ts";
import { category } from "../../../../model/categories.ts";
import type { KeyComparison, UnusableKeys } from "../../../../model/key-backup.ts";
import { isSameBackup } from "../../../../model/key-backup.ts";
import type { ReportKeys } from "../../../../model/report.ts";

/**
 * What a plan knows about the keys of both backups.
 * - `unreadable`: a server does not show a backup, though it shows the rest of the account.
 * - `not_read`: the plan is about neither rooms nor keys.
 */
export type KeyFacts = KeyComparison | { readonly kind: "unreadable" | "not_read" };

/** Unusable keys of the old backup, by room. */
export type UnusableByRoom = ReadonlyMap<string, number>;

/** The unusable keys that a copy found, if the old backup is still the one of that copy. */
export function unusableNow(keys: KeyFacts, found: UnusableKeys | null): UnusableByRoom {
  if (found === null || (keys.kind !== "counted" && keys.kind !== "compared")) return new Map();
  return isSameBackup(keys.from, found.from) ? found.rooms : new Map();
}

/**
 * The category `room_keys`. Unlike the others it counts keys and has an entry a room, those with
 * the most missing keys first. `* 12` stands for keys whose rooms were not read, `* ?` for keys
 * that were not counted.
 */
export function roomKeysCategory(keys: KeyFacts): Category {
  switch (keys.kind) {
    case "none":
    case "unknown_algorithm":
    case "not_read":
      return category("room_keys", 0, []);
    case "unreadable":
      return { name: "room_keys", expected: 0, present: 0, missing: ["* ?"] };
    case "counted": {
      const { expected } = keys;
      return { name: "room_keys", expected, present: 0, missing: expected === 0 ? [] : [`* ${expected}`] };
    }
    case "compared": {
      const rooms = [...keys.rooms];
      const missing = rooms
        .map(([roomId, { expected, present }]) => ({ roomId, count: expected - present }))
        .filter(({ count }) => count > 0)
        .toSorted((a, b) => b.count - a.count || (a.roomId < b.roomId ? -1 : 1));
      return {
        name: "room_keys",
        expected: sum(rooms.map(([, { expected }]) => expected)),
        present: sum(rooms.map(([, { present }]) => present)),
        missing: missing.map(({ roomId, count }) => `${roomId} ${count}`),
      };
    }
  }
}

/**
 * The rooms whose keys are all in the new backup, apart from unusable ones. The old backup has at
 * least one key of each.
 */
export function roomsWithAllKeys(keys: KeyFacts, unusable: UnusableByRoom): ReadonlySet<string> {
  if (keys.kind !== "compared") return new Set();
  return new Set(
    [...keys.rooms]
      .filter(
        ([roomId, { expected, present }]) =>
          expected > 0 && present + (unusable.get(roomId) ?? 0) >= expected,
      )
      .map(([roomId]) => roomId),
  );
}

/**
 * What a report says about keys besides the category.
 * @param encrypted the IDs of the encrypted rooms that the plan covers
 */
export function reportKeys(
  keys: KeyFacts,
  unusable: UnusableByRoom,
  encrypted: readonly string[],
): ReportKeys | null {
  switch (keys.kind) {
    case "not_read":
      return null;
    case "none":
    case "unknown_algorithm":
      return { kind: keys.kind, missing: 0, unusable: 0, roomsWithoutKeys: encrypted.length };
    case "unreadable":
      return { kind: "unreadable", missing: 0, unusable: 0, roomsWithoutKeys: null };
    case "counted": {
      const missing = keys.expected;
      const found = Math.min(sum([...unusable.values()]), missing);
      return { kind: "counted", missing, unusable: found, roomsWithoutKeys: null };
    }
    case "compared": {
      const { rooms } = keys;
      const missing = [...rooms].map(([roomId, { expected, present }]) => ({
        roomId,
        count: expected - present,
      }));
      return {
        kind: "compared",
        missing: sum(missing.map(({ count }) => count)),
        unusable: sum(missing.map(({ roomId, count }) => Math.min(unusable.get(roomId) ?? 0, count))),
        roomsWithoutKeys: encrypted.filter((roomId) => (rooms.get(roomId)?.expected ?? 0) === 0).length,
      };
    }
  }
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

import { valueOf } from "./state-read.ts";
import type { RoomSnapshot } from "./types.ts";

/** The successor of an upgraded room. */
export interface Replacement {
  /** The last one, after any number of upgrades. */
  roomId: string;
  /** Sender of the tombstone that names it. */
  tombstoneSender: string | null;
}

/**
 * The last replacement of a room (`m.room.tombstone`). `null` in three cases:
 * - the room was not replaced;
 * - it was closed without a replacement;
 * - the tombstones form a circle, which no upgrade makes.
 *
 * @param rooms the rooms that are known; the chain ends at the first unknown one
 */
export function lastReplacement(
  room: RoomSnapshot,
  rooms: ReadonlyMap<string, RoomSnapshot>,
): Replacement | null {
  const seen = new Set([room.roomId]);
  let last: Replacement | null = null;
  for (let current: RoomSnapshot | undefined = room; current !== undefined;) {
    const tombstone: ReturnType<typeof tombstoneOf> = tombstoneOf(current);
    if (tombstone === null) break;
    if (seen.has(tombstone.roomId)) return null;
    seen.add(tombstone.roomId);
    last = tombstone;
    current = rooms.get(tombstone.roomId);
  }
  return last;
}

function tombstoneOf(room: RoomSnapshot): Replacement | null {
  const tombstone = valueOf(room.tombstone);
  const replacement = tombstone?.replacementRoomId ?? null;
  return replacement === null ? null : { roomId: replacement, tombstoneSender: tombstone?.sender ?? null };
}

import { isPathSegment } from "../api/path-segment.ts";
import type { PlannedRoom } from "./planned-room.ts";

/**
 * A room of the source → its room on the target: the same one, or the last replacement of an
 * upgraded one. `null`: it is not moved.
 */
export type RoomIdOnTarget = (roomId: string) => string | null;

/**
 * A room counts as moved if the target is in it or may still get in, with a moderator's help too.
 * It does not count if it is impossible or left out, or if the source no longer has it.
 */
export function roomMapping(rooms: readonly PlannedRoom[]): RoomIdOnTarget {
  const moved = new Map<string, string>();
  for (const { roomId, successor, status } of rooms) {
    const targetRoomId = successor ?? roomId;
    if (status !== "skipped" && isPathSegment(targetRoomId)) moved.set(roomId, targetRoomId);
  }
  return (roomId) => moved.get(roomId) ?? null;
}

/** A room of the source, and the same room on the target. */
export interface MovedRoom {
  readonly roomId: string;
  readonly targetRoomId: string;
}

/**
 * Rooms that are moved, each before the rooms that it replaced: entries about the room itself take
 * precedence.
 */
export function movedRooms(
  roomIds: Iterable<string>,
  roomIdOnTarget: RoomIdOnTarget,
): { moved: MovedRoom[]; unmovedRoomIds: string[] } {
  const same: MovedRoom[] = [];
  const replaced: MovedRoom[] = [];
  const unmovedRoomIds: string[] = [];
  for (const roomId of roomIds) {
    const targetRoomId = roomIdOnTarget(roomId);
    if (targetRoomId === null) unmovedRoomIds.push(roomId);
    else (targetRoomId === roomId ? same : replaced).push({ roomId, targetRoomId });
  }
  return { moved: [...same, ...replaced], unmovedRoomIds };
}

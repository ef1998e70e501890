import { isPathSegment } from "../api/path-segment.ts";
import type { PlannedRoom } from "./planned-room.ts";

/**
 * Maps a room of the source to its room on the target: the same one, or the last replacement of an
 * upgraded one. `null`: it is not moved.
 */
export type RoomIdOnTarget = (roomId: string) => string | null;

/**
 * The mapping of a plan. A room counts as moved if the target has joined it or may still get in,
 * even with help. A room does not count if it is impossible or left out, or if the source no longer
 * has it.
 */
export function roomMapping(rooms: readonly PlannedRoom[]): RoomIdOnTarget {
  const moved = new Map<string, string>();
  for (const { roomId, successor, status } of rooms) {
    const targetRoomId = successor ?? roomId;
    if (status !== "skipped" && isPathSegment(targetRoomId)) moved.set(roomId, targetRoomId);
  }
  return (roomId) => moved.get(roomId) ?? null;
}

/** A room of the source, and its room on the target. */
export interface MovedRoom {
  readonly roomId: string;
  readonly targetRoomId: string;
}

/**
 * The rooms that are moved, each before the rooms that it replaced. So entries about the room
 * itself take precedence.
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

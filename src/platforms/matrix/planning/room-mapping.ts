import { isPathSegment } from "../api/path-segment.ts";
import type { PlannedRoom } from "./planned-room.ts";

/**
 * Where a room of the source is on the target: itself, or the last replacement of an upgraded one.
 * `null`: it is not moved.
 */
export type RoomIdOnTarget = (roomId: string) => string | null;

/**
 * A room counts as moved when it is there or may still come, a moderator's help included; not when
 * it is impossible or left out, nor when the source has nothing to do with it any more.
 */
export function roomMapping(rooms: readonly PlannedRoom[]): RoomIdOnTarget {
  const moved = new Map<string, string>();
  for (const { roomId, successor, status } of rooms) {
    const targetRoomId = successor ?? roomId;
    if (status !== "skipped" && isPathSegment(targetRoomId)) moved.set(roomId, targetRoomId);
  }
  return (roomId) => moved.get(roomId) ?? null;
}

/** A room of the source and where it is on the target. */
export interface MovedRoom {
  readonly roomId: string;
  readonly targetRoomId: string;
}

/**
 * Those that are moved, each room before the rooms that it replaced: what is said of the room
 * itself counts more.
 */
export function movedRooms(
  roomIds: Iterable<string>,
  roomIdOnTarget: RoomIdOnTarget,
): { moved: MovedRoom[]; left: string[] } {
  const same: MovedRoom[] = [];
  const replaced: MovedRoom[] = [];
  const left: string[] = [];
  for (const roomId of roomIds) {
    const targetRoomId = roomIdOnTarget(roomId);
    if (targetRoomId === null) left.push(roomId);
    else (targetRoomId === roomId ? same : replaced).push({ roomId, targetRoomId });
  }
  return { moved: [...same, ...replaced], left };
}

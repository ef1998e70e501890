import type { RunRoom } from "../../model/run-room.ts";
import type { RoomLetIn } from "./results.ts";

/** All rooms that the new account joined after the run had ended, in the order of joining. */
export function roomsLetIn(rooms: readonly RunRoom[], endedAt: number): RoomLetIn[] {
  const listed = new Set(rooms.filter((room) => !room.isReplacement).map((room) => room.roomId));
  // An upgraded room and its replacement count as one.
  const own = rooms.filter(
    ({ roomId, planned }) => listed.has(roomId) && !listed.has(planned.row.successor ?? ""),
  );
  const waiting = own.filter(({ status }) => status === "needs_moderator").length;
  const inOrder = own
    .filter((room) => room.isJoined && room.joinedAt !== null && room.joinedAt > endedAt)
    .sort((a, b) => (a.joinedAt ?? 0) - (b.joinedAt ?? 0));
  return inOrder.map((room, index) => ({
    room: room.planned.row,
    waited: inOrder.length + waiting,
    letIn: index + 1,
    isLast: waiting === 0 && index + 1 === inOrder.length,
  }));
}

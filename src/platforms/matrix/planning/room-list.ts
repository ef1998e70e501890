import type { ListedRoom, RoomList, RoomListFilters } from "../../../model/room-list.ts";
import { directRooms } from "../rooms/direct-rooms.ts";
import { roomName } from "../rooms/room-name.ts";
import { valueOf } from "../rooms/state-read.ts";
import type { AccountSnapshot, RoomSnapshot } from "../rooms/types.ts";
import { lastReplacement } from "../rooms/upgrades.ts";
import { filterRooms } from "./filters.ts";

/** The rooms that an account has joined and the filters choose, longest silent first. */
export function listRooms(
  { userId, rooms, accountData }: AccountSnapshot,
  filters: RoomListFilters,
): RoomList {
  const joined = new Map([...rooms].filter(([, room]) => room.membership === "join"));
  const direct = new Set(directRooms(accountData).keys());
  const successorOf = (roomId: string): string | null => {
    const room = joined.get(roomId);
    return (room && lastReplacement(room, rooms)?.roomId) ?? null;
  };
  const { isExcluded, unknownRooms } = filterRooms(filters.rooms, joined, direct, successorOf);
  const chosen = [...joined.values()].filter((room) => !isExcluded(room) && isChosen(room, filters));
  const listed = chosen.map((room): ListedRoom => ({
    roomId: room.roomId,
    name: roomName(room, new Set([userId])),
    alias: valueOf(room.canonicalAlias),
    isDirect: direct.has(room.roomId),
    isSpace: valueOf(room.create)?.type === "m.space",
    joinedCount: room.joinedCount,
    lastActivityAt: room.lastActivityAt,
  }));
  return { rooms: listed.toSorted(bySilence), total: joined.size, unknownRooms };
}

function isChosen(room: RoomSnapshot, { rooms, inactiveSince, isAlone }: RoomListFilters): boolean {
  if (!rooms.hasRooms) return false;
  if (inactiveSince !== null && (room.lastActivityAt === null || room.lastActivityAt >= inactiveSince))
    return false;
  return !isAlone || room.joinedCount === 1;
}

function bySilence(a: ListedRoom, b: ListedRoom): number {
  return (a.lastActivityAt ?? Infinity) - (b.lastActivityAt ?? Infinity);
}

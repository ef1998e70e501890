import { directRooms } from "../rooms/direct-rooms.ts";
import { filterRooms } from "./filters.ts";
import type { RoomFilters } from "./filters.ts";
import type { AccountSnapshot, RoomSnapshot } from "../rooms/types.ts";
import { roomName } from "../rooms/room-name.ts";
import { valueOf } from "../rooms/state-read.ts";

/** A room of an account in the list of `!rooms`. */
export interface ListedRoom {
  roomId: string;
  name: string | null;
  alias: string | null;
  isDirect: boolean;
  isSpace: boolean;
  /** Joined members with the account itself; null if the server does not say. */
  joinedCount: number | null;
  /** Milliseconds since 1970; null if unknown. */
  lastActivityAt: number | null;
}

export interface RoomListFilters {
  rooms: RoomFilters;
  /** Milliseconds since 1970. Only rooms with a known last activity before it. */
  inactiveSince: number | null;
  /** Only rooms in which the account is alone. */
  isAlone: boolean;
}

export interface RoomList {
  rooms: ListedRoom[];
  /** The number of rooms that the account has joined. */
  total: number;
  /** Rooms that filters name and the account does not have. */
  unknownRooms: readonly string[];
}

/** The rooms that an account has joined and the filters choose, longest silent first. */
export function listRooms(
  { userId, rooms, accountData }: AccountSnapshot,
  filters: RoomListFilters,
): RoomList {
  const joined = new Map([...rooms].filter(([, room]) => room.membership === "join"));
  const direct = new Set(directRooms(accountData).keys());
  const { isExcluded, unknownRooms } = filterRooms(filters.rooms, joined, direct, () => null);
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

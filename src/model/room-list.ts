import type { RoomFilters } from "./filters.ts";

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

/** The filters of `!rooms`. */
export interface RoomListFilters {
  rooms: RoomFilters;
  /** Milliseconds since 1970. Only rooms with a known last activity before it. */
  inactiveSince: number | null;
  /** Only rooms in which the account is alone. */
  isAlone: boolean;
}

/** The answer to `!rooms`: the rooms that the filters let pass. */
export interface RoomList {
  rooms: ListedRoom[];
  /** The number of rooms that the account has joined. */
  total: number;
  /** Rooms that filters name and the account does not have. */
  unknownRooms: readonly string[];
}

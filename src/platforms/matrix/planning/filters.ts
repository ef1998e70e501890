import type { RoomFilters } from "../../../model/filters.ts";
import { parseRoomId, serverNameOf } from "../ids/identifiers.ts";
import { isSameServer } from "../ids/server-host.ts";
import { valueOf } from "../rooms/state-read.ts";
import type { RoomSnapshot } from "../rooms/types.ts";

/** The result of the filters of a plan. */
export interface FilterVerdict {
  isExcluded: (room: RoomSnapshot) => boolean;
  /** Words that match none of the account's rooms, as they were written. */
  unknownRooms: readonly string[];
}

/**
 * @param rooms the rooms that the account is in, is invited to or knocks at
 * @param successorOf the last replacement of an upgraded room: a person who names the old room
 * means the new one
 */
export function filterRooms(
  filters: RoomFilters,
  rooms: ReadonlyMap<string, RoomSnapshot>,
  directRoomIds: ReadonlySet<string>,
  successorOf: (roomId: string) => string | null,
): FilterVerdict {
  const byName = roomsByCanonicalAlias(rooms);
  const unknownRooms: string[] = [];
  function roomIds(names: readonly string[]): Set<string> {
    const found = new Set<string>();
    for (const name of names) {
      const roomId = rooms.has(name) ? name : byName.get(name);
      if (roomId === undefined) unknownRooms.push(name);
      else found.add(roomId);
    }
    return found;
  }
  const only = withSuccessors(roomIds(filters.only), successorOf);
  const excluded = roomIds(filters.exclude);
  const inSpaces = withSuccessors(
    roomsBelow(withSuccessors(roomIds(filters.spaces), successorOf), rooms),
    successorOf,
  );
  function isExcluded(room: RoomSnapshot): boolean {
    if (excluded.has(room.roomId)) return true;
    if (filters.only.length > 0 && !only.has(room.roomId)) return true;
    if (filters.spaces.length > 0 && !inSpaces.has(room.roomId)) return true;
    if (
      filters.servers.length > 0 &&
      !filters.servers.some((server) => isSameServer(server, serverOfRoom(room) ?? ""))
    )
      return true;
    if (filters.isDirect !== null && directRoomIds.has(room.roomId) !== filters.isDirect) return true;
    return (
      filters.activeSince !== null &&
      room.lastActivityAt !== null &&
      room.lastActivityAt < filters.activeSince
    );
  }
  return { isExcluded, unknownRooms };
}

/** Room IDs by canonical alias. If several rooms name the same one, the first counts. */
export function roomsByCanonicalAlias(rooms: ReadonlyMap<string, RoomSnapshot>): Map<string, string> {
  const found = new Map<string, string>();
  for (const room of rooms.values()) {
    const alias = valueOf(room.canonicalAlias);
    if (alias !== null && !found.has(alias)) found.set(alias, room.roomId);
  }
  return found;
}

/**
 * The server on which a room was created: the creator's, since from version 12 on room IDs have no
 * server name. If the creator is unknown, the one in the room ID.
 */
export function serverOfRoom(room: RoomSnapshot): string | null {
  return serverNameOf(valueOf(room.create)?.sender ?? "") ?? parseRoomId(room.roomId)?.serverName ?? null;
}

/**
 * The spaces themselves and everything below them that the account can see. Spaces may contain each
 * other.
 */
function roomsBelow(spaces: ReadonlySet<string>, rooms: ReadonlyMap<string, RoomSnapshot>): Set<string> {
  const found = new Set(spaces);
  for (const roomId of found) for (const child of rooms.get(roomId)?.spaceChildren ?? []) found.add(child);
  return found;
}

function withSuccessors(roomIds: Set<string>, successorOf: (roomId: string) => string | null): Set<string> {
  for (const roomId of [...roomIds]) {
    const successor = successorOf(roomId);
    if (successor !== null) roomIds.add(successor);
  }
  return roomIds;
}

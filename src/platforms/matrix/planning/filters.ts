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
 * A person who names a room means every version of it: the rooms that upgrades have replaced, and
 * the last replacement, whether the account is in it or not.
 * @param rooms the rooms that the account is in, is invited to or knocks at
 * @param successorOf the last replacement of an upgraded room
 */
export function filterRooms(
  filters: RoomFilters,
  rooms: ReadonlyMap<string, RoomSnapshot>,
  directRoomIds: ReadonlySet<string>,
  successorOf: (roomId: string) => string | null,
): FilterVerdict {
  const byName = roomsByCanonicalAlias(rooms);
  const lastVersionOf = (roomId: string): string => successorOf(roomId) ?? roomId;
  const lastVersions = new Set([...rooms.keys()].map(lastVersionOf));
  const unknownRooms: string[] = [];
  /** The last versions of the named rooms. */
  function lastVersionsOf(names: readonly string[]): Set<string> {
    const found = new Set<string>();
    for (const name of names) {
      const named = rooms.has(name) || lastVersions.has(name) ? [name] : byName.get(name);
      if (named === undefined) unknownRooms.push(name);
      else for (const roomId of named) found.add(lastVersionOf(roomId));
    }
    return found;
  }
  const only = lastVersionsOf(filters.only);
  const excluded = lastVersionsOf(filters.exclude);
  const spaces = lastVersionsOf(filters.spaces);
  const spaceIds = [...rooms.keys()].filter((roomId) => spaces.has(lastVersionOf(roomId)));
  const inSpaces = withSuccessors(roomsBelow(new Set([...spaces, ...spaceIds]), rooms), successorOf);
  function isExcluded(room: RoomSnapshot): boolean {
    const lastVersion = lastVersionOf(room.roomId);
    if (excluded.has(lastVersion)) return true;
    if (filters.only.length > 0 && !only.has(lastVersion)) return true;
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

/**
 * Room IDs by canonical alias. Several rooms can name the same one: an upgraded room and its
 * replacement do, and any room may.
 */
export function roomsByCanonicalAlias(rooms: ReadonlyMap<string, RoomSnapshot>): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const room of rooms.values()) {
    const alias = valueOf(room.canonicalAlias);
    if (alias === null) continue;
    const named = found.get(alias);
    if (named === undefined) found.set(alias, [room.roomId]);
    else named.push(room.roomId);
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

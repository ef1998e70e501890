import { z } from "zod";
import { apiPath } from "../homeserver-client.ts";
import type { HomeserverClient } from "../homeserver-client.ts";
import { HomeserverError } from "../homeserver-error.ts";
import { parseRoomAlias } from "../identifiers.ts";
import type { RoomSnapshot } from "../rooms/model.ts";
import { valueOf } from "../rooms/state-read.ts";
import type { Reader } from "./reader.ts";

const directorySchema = z.object({ room_id: z.string() });

/**
 * The account's rooms behind aliases that the rooms themselves do not give as theirs (`m.room.canonical_alias`): a room may have any number of such, and only
 * servers know them (CS API §Room aliases). What leads to none of the account's rooms is left out.
 * @param words what a person typed, among which aliases may be
 * @throws HomeserverError, UnreachableError
 */
export async function roomsOfAliases(
  reader: Reader,
  words: readonly string[],
  rooms: ReadonlyMap<string, RoomSnapshot>,
): Promise<Map<string, string>> {
  const canonical = new Set([...rooms.values()].map((room) => valueOf(room.canonicalAlias)));
  const found = new Map<string, string>();
  for (const word of new Set(words)) {
    if (canonical.has(word) || parseRoomAlias(word) === null) continue;
    // An alias on another server fails like that server does: tried again once, then done without.
    const roomId = await roomOfAlias({ request: (request) => reader.request(request, { retries: 1 }) }, word);
    if (roomId !== null && rooms.has(roomId)) found.set(word, roomId);
  }
  return found;
}

/**
 * The room to which an alias leads; `null` where it leads nowhere.
 * @throws HomeserverError, UnreachableError
 */
export async function roomOfAlias({ request }: Pick<HomeserverClient, "request">, alias: string): Promise<string | null> {
  const path = apiPath`/_matrix/client/v3/directory/room/${alias}`;
  try {
    return (await request({ method: "GET", path, schema: directorySchema })).room_id;
  } catch (error) {
    if (error instanceof HomeserverError && error.status !== 401) return null;
    throw error;
  }
}

import { z } from "zod";
import { mergedRoom } from "../../../model/merged-files.ts";
import type { FileRoom, ImportedAccount } from "../../../model/room-file.ts";
import { apiPath } from "../api/homeserver-client.ts";
import { parseRoomAlias } from "../ids/identifiers.ts";
import { serverPartOf } from "../ids/server-host.ts";
import { concurrently } from "./concurrently.ts";
import { CONCURRENCY } from "./limits.ts";
import { askingOthers } from "./others-answers.ts";
import type { Reader } from "./reader.ts";
import { isFailedRead } from "./unless-unreadable.ts";

const directorySchema = z.object({
  room_id: z.string(),
  servers: z.array(z.string()).nullish().catch(undefined),
});

/** A server lists every server of the room that it knows. */
const MAX_SERVERS = 20;

/**
 * The files with room IDs in the place of aliases, where a server knows them (CS §Room aliases). A
 * room whose alias no server resolves keeps the alias as its ID.
 * @throws HomeserverError, UnreachableError if the account's own server fails
 */
export async function withResolvedAliases(
  files: ImportedAccount,
  reader: Pick<Reader, "request">,
  deadAmong: (serverNames: readonly string[]) => Promise<ReadonlySet<string>>,
): Promise<ImportedAccount> {
  const byAlias = files.rooms.filter(({ roomId }) => parseRoomAlias(roomId) !== null);
  if (byAlias.length === 0) return files;
  // Only the server of an alias knows its room.
  const dead = await deadAmong(byAlias.map(({ roomId }) => serverPartOf(roomId)));
  const named = byAlias.filter(({ roomId }) => !dead.has(serverPartOf(roomId)));
  const resolved = new Map<string, FileRoom>();
  await askingOthers(reader, (asking) =>
    concurrently(named, CONCURRENCY, async (room) => {
      const found = await lookUp(room.roomId, asking);
      if (found === null) return;
      const alias = room.alias ?? room.roomId;
      const via = [...new Set([...room.via, ...(found.servers ?? []).slice(0, MAX_SERVERS)])];
      resolved.set(room.roomId, { ...room, roomId: found.room_id, alias, via });
    }),
  );
  const rooms = new Map<string, FileRoom>();
  for (const room of files.rooms) {
    const one = resolved.get(room.roomId) ?? room;
    const other = rooms.get(one.roomId);
    rooms.set(one.roomId, other === undefined ? one : mergedRoom(other, one));
  }
  return { ...files, rooms: [...rooms.values()] };
}

/** Other servers answer, so a failure is about this alias only. */
async function lookUp(
  alias: string,
  reader: Pick<Reader, "request">,
): Promise<z.output<typeof directorySchema> | null> {
  const path = apiPath`/_matrix/client/v3/directory/room/${alias}`;
  try {
    return await reader.request({ method: "GET", path, schema: directorySchema, isRelayed: true });
  } catch (error) {
    if (isFailedRead(error)) return null;
    throw error;
  }
}

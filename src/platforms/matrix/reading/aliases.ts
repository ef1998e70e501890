import { z } from "zod";
import { UnreachableError } from "../../../network/unreachable-error.ts";
import { UnansweredAliasError } from "../../reading.ts";
import type { HomeserverClient } from "../api/homeserver-client.ts";
import { apiPath } from "../api/homeserver-client.ts";
import { HomeserverError } from "../api/homeserver-error.ts";
import { parseRoomAlias } from "../ids/identifiers.ts";
import { roomsByCanonicalAlias } from "../planning/filters.ts";
import { valueOf } from "../rooms/state-read.ts";
import type { RoomSnapshot } from "../rooms/types.ts";
import { toSignInProblem } from "../sign-in/sign-in-problem.ts";
import type { Reader } from "./reader.ts";

const directorySchema = z.object({ room_id: z.string() });

/**
 * The account's rooms behind aliases. There are two kinds of aliases:
 * - the canonical alias, which the room's own state names (`m.room.canonical_alias`); if several
 *   rooms name the same one, the alias's server says which room it belongs to;
 * - any number of others, which only servers know (CS §Room aliases).
 *
 * Aliases of other rooms are left out, except of replacements of the account's rooms.
 * @param words what a person typed; some of the words may be aliases
 * @throws HomeserverError, UnreachableError, UnansweredAliasError
 */
export async function roomsOfAliases(
  reader: Reader,
  words: readonly string[],
  rooms: ReadonlyMap<string, RoomSnapshot>,
): Promise<Map<string, string>> {
  const canonical = roomsByCanonicalAlias(rooms);
  const replacements = new Set(
    [...rooms.values()].flatMap((room) => valueOf(room.tombstone)?.replacementRoomId ?? []),
  );
  // A server that hangs or fails will probably do so again.
  const client: Pick<HomeserverClient, "request"> = {
    request: (request) => reader.request(request, { retries: 1, isTimeoutFinal: true }),
  };
  const found = new Map<string, string>();
  for (const word of new Set(words)) {
    if (parseRoomAlias(word) === null) continue;
    const [named, ...others] = canonical.get(word) ?? [];
    const isSure = named !== undefined && others.length === 0;
    const roomId = isSure ? named : await roomOfAlias(client, word);
    if (roomId !== null && (rooms.has(roomId) || replacements.has(roomId))) found.set(word, roomId);
    else if (named !== undefined) found.set(word, named);
  }
  return found;
}

/**
 * The room behind an alias; `null` if there is none.
 * @throws HomeserverError, UnreachableError, UnansweredAliasError
 */
export async function roomOfAlias(
  { request }: Pick<HomeserverClient, "request">,
  alias: string,
): Promise<string | null> {
  const path = apiPath`/_matrix/client/v3/directory/room/${alias}`;
  try {
    return (await request({ method: "GET", path, schema: directorySchema, isRelayed: true })).room_id;
  } catch (error) {
    if (saysNowhere(error)) return null;
    throw isOfOtherServer(error) ? new UnansweredAliasError(alias, error) : error;
  }
}

function saysNowhere(error: unknown): boolean {
  if (!(error instanceof HomeserverError)) return false;
  const { status, errcode } = error;
  return status === 404 || (status === 400 && errcode === "M_INVALID_PARAM");
}

/**
 * The account's server asks the alias's own server. It reports a failure of that server as its own
 * (Synapse: 502), and a missing answer as a timeout.
 */
function isOfOtherServer(error: unknown): boolean {
  if (error instanceof UnreachableError) return error.reason === "timeout";
  const { code } = toSignInProblem(error);
  return code === "server_trouble" || code === "server_refused";
}

import { apiPath } from "../../api/homeserver-client.ts";
import { unlessAbsent } from "../../api/homeserver-error.ts";
import type { StreamingClient } from "../read-keys.ts";
import { BACKUP_IDLE_MS, asReadError } from "../read-keys.ts";
import { readEntry } from "../worker/backup-entry.ts";
import { BackupScanner } from "../worker/backup-scanner.ts";

/** Far more than the sessions of any room. */
const MAX_ROOM_BYTES = 268_435_456;

/**
 * The first index of each of these sessions that lies in a backup. Sessions that the backup lacks
 * are left out. The answer is read in pieces, each a few milliseconds of work.
 * @throws HomeserverError, UnreachableError
 */
export async function readFirstIndexes(
  client: StreamingClient,
  { version, roomId }: { version: string; roomId: string },
  sessionIds: ReadonlySet<string>,
): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>();
  const answer = client.stream({
    path: apiPath`/_matrix/client/v3/room_keys/keys/${roomId}`,
    query: { version },
    maxBytes: MAX_ROOM_BYTES,
    idleMs: BACKUP_IDLE_MS,
  });
  const chunks = await unlessAbsent(answer);
  if (chunks === undefined) return found;
  const scanner = new BackupScanner((_roomId, sessionId, json) => {
    const entry = sessionIds.has(sessionId) ? readEntry(json) : null;
    if (entry !== null) found.set(sessionId, entry.firstMessageIndex ?? 0);
  });
  // The answer is one room of a whole backup.
  const write = (text: string): void => scanner.write(Buffer.from(text));
  try {
    write(`{"rooms":{"":`);
    for await (const chunk of chunks) scanner.write(chunk);
    write("}}");
    scanner.end();
  } catch (error) {
    throw asReadError(error, client);
  }
  return found;
}

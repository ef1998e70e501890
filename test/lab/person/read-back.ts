import type { MatrixClient, MatrixEvent } from "matrix-js-sdk";
import { MatrixEventEvent } from "matrix-js-sdk";
import { z } from "zod";
import { backedUpSessions } from "./key-storage.ts";
import type { SeenMessage } from "./protocol.ts";
import { takeSnapshot } from "./snapshot.ts";
import { until } from "./until.ts";

const PAGE_SIZE = 100;

const ciphertextSchema = z.object({ session_id: z.string(), ciphertext: z.string() });

/**
 * Everything in a room's timeline that the server shows, oldest first, as the client shows it once
 * it has requested the keys from the backup. What the backup opens is waited for.
 */
export async function readBack(client: MatrixClient, roomId: string): Promise<SeenMessage[]> {
  const room = client.getRoom(roomId);
  if (room === null) throw new Error(`The client does not know the room ${roomId}`);
  const timeline = room.getLiveTimeline();
  let hasMore = true;
  while (hasMore)
    hasMore = await client.paginateEventTimeline(timeline, { backwards: true, limit: PAGE_SIZE });
  const events = timeline.getEvents();
  for (const event of events) await client.decryptEventIfNeeded(event);

  const backedUp = await backedUpSessions(client);
  const opened = events.filter((event) => {
    const { data } = ciphertextSchema.safeParse(event.getWireContent());
    const firstIndex = data && backedUp.get(data.session_id);
    return firstIndex !== undefined && firstIndex <= messageIndexOf(data?.ciphertext ?? "");
  });
  await until(
    "the keys of the timeline from the backup",
    (recheck) => {
      client.on(MatrixEventEvent.Decrypted, recheck);
      return () => client.off(MatrixEventEvent.Decrypted, recheck);
    },
    () => (opened.some(isUndecrypted) ? undefined : true),
  );
  return Promise.all(events.map((event) => takeSnapshot(client, event)));
}

function isUndecrypted(event: MatrixEvent): boolean {
  return event.isDecryptionFailure() || event.isBeingDecrypted();
}

/**
 * The index of a Megolm message in its session: one byte for the version, the tag 0x08, and the
 * index as a variable-length integer
 * (https://spec.matrix.org/v1.16/olm-megolm/megolm/#message-format).
 */
function messageIndexOf(ciphertext: string): number {
  let index = 0;
  let factor = 1;
  for (const byte of Buffer.from(ciphertext.slice(0, 16), "base64").subarray(2)) {
    index += (byte & 0x7f) * factor;
    factor *= 0x80;
    if (byte < 0x80) break;
  }
  return index;
}

import type { MatrixClient } from "matrix-bot-sdk";
import { MatrixError } from "matrix-bot-sdk";
import type { Logger } from "pino";
import { z } from "zod";
import { isFinalRefusal } from "../server-refusal.ts";
import type { SyncResponse, TimelineEvent } from "./sync-response.ts";
import { isMembership, timelineEventsSchema } from "./sync-response.ts";

/**
 * The maximum number of pages that are read back for one room. More than a thousand messages while
 * the bot was away are not commands to it.
 */
const MAX_PAGES = 10;
const PAGE_SIZE = 100;

const messagesSchema = z.looseObject({ chunk: timelineEventsSchema, end: z.string().nullish().catch(null) });

/**
 * Reads the messages that a `limited` timeline leaves out and puts them before it (CS API §Syncing:
 * "the gap"). A room that the bot has just joined has no gap.
 */
export async function fillGaps(
  response: SyncResponse,
  {
    since,
    userId,
    client,
    log,
  }: { since: string; userId: string; client: Pick<MatrixClient, "doRequest">; log: Logger },
): Promise<void> {
  for (const [roomId, { timeline }] of Object.entries(response.rooms?.join ?? {})) {
    if (timeline?.limited !== true || typeof timeline.prev_batch !== "string") continue;
    if (timeline.events.some((event) => isMembership(event, userId, "join"))) continue;
    try {
      const missed = await readBack(client, roomId, timeline.prev_batch, since);
      log.info({ roomId, events: missed.length }, "read the messages that a sync left out");
      timeline.events = [...missed, ...timeline.events];
    } catch (error) {
      // A refusal is final (the bot was removed meanwhile). After any other error the whole sync is
      // repeated.
      if (!isFinalRefusal(error)) throw error;
      log.warn(
        { roomId, errcode: error instanceof MatrixError ? error.errcode : null },
        "could not read the messages that a sync left out",
      );
    }
  }
}

async function readBack(
  client: Pick<MatrixClient, "doRequest">,
  roomId: string,
  prevBatch: string,
  since: string,
): Promise<TimelineEvent[]> {
  const newestFirst: TimelineEvent[] = [];
  let from: string | null = prevBatch;
  for (let page = 0; page < MAX_PAGES && from !== null; page++) {
    const query = { dir: "b", from, to: since, limit: PAGE_SIZE };
    const answer = messagesSchema.parse(
      await client.doRequest("GET", `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/messages`, query),
    );
    newestFirst.push(...answer.chunk);
    from = answer.chunk.length === 0 || answer.end === undefined ? null : answer.end;
  }
  return newestFirst.reverse();
}

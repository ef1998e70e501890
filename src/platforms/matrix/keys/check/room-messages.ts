import { z } from "zod";
import { apiPath } from "../../api/homeserver-client.ts";
import type { RoomReader } from "../../reading/unless-unreadable.ts";
import type { EncryptedMessage, TimelineEvent } from "./timeline-event.ts";
import { encryptedMessage, timelineEventsOf } from "./timeline-event.ts";

/** The newest encrypted messages of a room. */
export interface NewestMessages {
  /** Newest first. */
  readonly messages: readonly EncryptedMessage[];
  /** Whether the room's history setting was changed among these messages. */
  readonly hasOtherVisibility: boolean;
}

const MAX_MESSAGES = 1_000;
/**
 * Servers that limit a page to less, or do not filter, need several. A room with so many other
 * events is read as far as they go.
 */
const MAX_PAGES = 20;
/** A page that only looks whether there is more. */
const SHORT_PAGE = 100;
/**
 * Pages without a message that was looked for. A server may have to fetch older events first, and
 * leaves out those that it hides.
 */
const MAX_BARREN_PAGES = 2;
/** A thousand messages have one or two megabytes. */
const MAX_PAGE_BYTES = 32 * 1_048_576;
/** Servers fetch older events from other servers. */
const PAGE_TIMEOUT_MS = 30_000;

const ENCRYPTED = "m.room.encrypted";
const HISTORY_VISIBILITY = "m.room.history_visibility";

const pageSchema = z.object({
  chunk: z.array(z.unknown()).nullish(),
  end: z.string().nullish().catch(undefined),
});

interface Page {
  readonly events: readonly TimelineEvent[];
  /** Where to go on; `null`: this is the beginning of the room. */
  readonly next: string | null;
}

/**
 * Reads the newest encrypted messages that an account sees.
 * @throws HomeserverError, UnreachableError
 */
export async function readNewestMessages(reader: RoomReader, roomId: string): Promise<NewestMessages> {
  const messages = new Map<string, EncryptedMessage>();
  let wasChanged = false;
  let hasOtherVisibility = false;
  let from: string | null = null;
  for (let pages = 0; pages < MAX_PAGES && messages.size < MAX_MESSAGES; pages += 1) {
    const limit = Math.max(MAX_MESSAGES - messages.size, SHORT_PAGE);
    const types = [ENCRYPTED, HISTORY_VISIBILITY];
    const page: Page = await readPage(reader, roomId, { types, from, limit });
    for (const event of page.events) {
      wasChanged ||= event.type === HISTORY_VISIBILITY;
      const message = encryptedMessage(event);
      if (message === null || messages.size === MAX_MESSAGES) continue;
      messages.set(message.eventId, message);
      hasOtherVisibility ||= wasChanged;
    }
    if (page.next === null || page.events.length === 0) break;
    from = page.next;
  }
  return { messages: [...messages.values()], hasOtherVisibility };
}

/**
 * Counts the messages that the server of another account hides from it. Both accounts are in the
 * room, and this one is asked for the same events.
 * @throws HomeserverError, UnreachableError
 */
export async function countHidden(
  reader: RoomReader,
  roomId: string,
  messages: readonly EncryptedMessage[],
): Promise<number> {
  const places = new Map(messages.map(({ eventId }, place) => [eventId, place]));
  const newestSentAt = Math.max(0, ...messages.map(({ sentAt }) => sentAt));
  const missing = new Set(places.keys());
  let from: string | null = null;
  let lastPlace = -1;
  let barren = 0;
  for (let pages = 0; missing.size > 0 && pages < MAX_PAGES; pages += 1) {
    const limit = pages === 0 ? MAX_MESSAGES : SHORT_PAGE;
    const page: Page = await readPage(reader, roomId, { types: [ENCRYPTED], from, limit });
    let isOnTheWay = false;
    for (const { eventId, type, sentAt } of page.events) {
      const place = places.get(eventId);
      lastPlace = Math.max(lastPlace, place ?? -1);
      missing.delete(eventId);
      // The page still leads to the messages, or the server does not filter.
      isOnTheWay ||= place !== undefined || sentAt > newestSentAt || type !== ENCRYPTED;
    }
    barren = isOnTheWay ? 0 : barren + 1;
    if (page.next === null || barren === MAX_BARREN_PAGES) return missing.size;
    from = page.next;
  }
  // Nothing is known of messages that are older than the last page.
  return messages.filter(({ eventId }, place) => missing.has(eventId) && place < lastPlace).length;
}

async function readPage(
  reader: RoomReader,
  roomId: string,
  { types, from, limit }: { types: readonly string[]; from: string | null; limit: number },
): Promise<Page> {
  const { chunk, end } = await reader.request({
    method: "GET",
    path: apiPath`/_matrix/client/v3/rooms/${roomId}/messages`,
    query: { dir: "b", limit, filter: JSON.stringify({ types }), from: from ?? undefined },
    schema: pageSchema,
    maxBytes: MAX_PAGE_BYTES,
    timeoutMs: PAGE_TIMEOUT_MS,
  });
  // A page that ends where it began would be read again and again.
  return { events: timelineEventsOf(chunk ?? []), next: end === from ? null : (end ?? null) };
}

import { setTimeout as sleep } from "node:timers/promises";
import type { MatrixClient } from "matrix-bot-sdk";
import { MatrixError } from "matrix-bot-sdk";
import type { Logger } from "pino";
import { z } from "zod";
import { isFinalRefusal, limitWaitMs } from "../server-refusal.ts";
import type { SyncResponse, TimelineEvent } from "./sync-response.ts";
import { isMembership, timelineEventsSchema } from "./sync-response.ts";

/**
 * The maximum number of pages that are read back for one room. More than a thousand messages while
 * the bot was away are not commands to it.
 */
const MAX_PAGES = 10;
const PAGE_SIZE = 100;
/** The number of tries for the gap of one room. After that the gap stays. */
const MAX_TRIES = 5;
/**
 * The number of rate limits that are waited out in the middle of a gap, so that its pages are read
 * once.
 */
const MAX_LIMIT_WAITS = 10;
const LONGEST_LIMIT_WAIT_MS = 30_000;

const messagesSchema = z.looseObject({ chunk: timelineEventsSchema, end: z.string().nullish().catch(null) });

/** A gap: the room, and the position to read back from. */
interface Gap {
  roomId: string;
  from: string;
  since: string;
}

/**
 * Reads the messages that a `limited` timeline leaves out and puts them before it (CS API §Syncing:
 * "the gap"). A room that the bot has just joined has no gap.
 */
export class TimelineGaps {
  readonly #client: Pick<MatrixClient, "doRequest">;
  readonly #log: Logger;
  /** Failed tries by room, of the position in `#since`. */
  readonly #tries = new Map<string, number>();
  #since = "";

  constructor(client: Pick<MatrixClient, "doRequest">, log: Logger) {
    this.#client = client;
    this.#log = log;
  }

  /**
   * @param since the position of the sync
   * @throws if the server is away; the sync is then repeated, at most `MAX_TRIES` times for one
   * room
   */
  async fill(response: SyncResponse, { since, userId }: { since: string; userId: string }): Promise<void> {
    if (since !== this.#since) this.#tries.clear();
    this.#since = since;
    for (const [roomId, { timeline }] of Object.entries(response.rooms?.join ?? {})) {
      if (timeline?.limited !== true || typeof timeline.prev_batch !== "string") continue;
      if (timeline.events.some((event) => isMembership(event, userId, "join"))) continue;
      const missed = await this.#readOrGiveUp({ roomId, from: timeline.prev_batch, since });
      timeline.events = [...missed, ...timeline.events];
    }
  }

  async #readOrGiveUp(gap: Gap): Promise<readonly TimelineEvent[]> {
    const { roomId } = gap;
    const tries = (this.#tries.get(roomId) ?? 0) + 1;
    if (tries > MAX_TRIES) return [];
    try {
      const missed = await this.#readBack(gap);
      this.#log.info({ roomId, events: missed.length }, "read the messages that a sync left out");
      return missed;
    } catch (error) {
      // A refusal is final: the bot was removed meanwhile.
      this.#tries.set(roomId, isFinalRefusal(error) ? MAX_TRIES : tries);
      if (!isFinalRefusal(error) && tries < MAX_TRIES) throw error;
      const errcode = error instanceof MatrixError ? error.errcode : null;
      this.#log.warn({ roomId, errcode, tries }, "could not read the messages that a sync left out");
      return [];
    }
  }

  async #readBack({ roomId, from: newest, since }: Gap): Promise<TimelineEvent[]> {
    const newestFirst: TimelineEvent[] = [];
    let from: string | null = newest;
    for (let page = 0; page < MAX_PAGES && from !== null; page++) {
      const answer: z.infer<typeof messagesSchema> = await this.#page(roomId, { from, to: since });
      newestFirst.push(...answer.chunk);
      from = answer.chunk.length === 0 || answer.end === undefined ? null : answer.end;
    }
    return newestFirst.reverse();
  }

  async #page(roomId: string, range: { from: string; to: string }): Promise<z.infer<typeof messagesSchema>> {
    const path = `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/messages`;
    for (let waits = 0; ; waits++) {
      try {
        const query = { dir: "b", ...range, limit: PAGE_SIZE };
        return messagesSchema.parse(await this.#client.doRequest("GET", path, query));
      } catch (error) {
        const waitMs = limitWaitMs(error);
        if (waitMs === null || waits >= MAX_LIMIT_WAITS) throw error;
        await sleep(Math.min(waitMs, LONGEST_LIMIT_WAIT_MS));
      }
    }
  }
}

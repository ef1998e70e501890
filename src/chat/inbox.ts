import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { z } from "zod";
import type { IncomingText } from "../commands/dispatch.ts";
import { reportUnexpected } from "../commands/dispatch.ts";
import type { Conversation } from "../dialogue/conversation.ts";
import { hasSecretShape } from "../grammar/secrets.ts";
import type { PendingEvent, ReceivedEvents, RoomEvent } from "../store/received-events.ts";
import { parseRoomEvent } from "../store/received-events.ts";
import type { Confirmations } from "./confirmations.ts";
import { confirmedEventId } from "./confirming-reaction.ts";
import type { Conversations } from "./conversations.ts";
import { isFinalRefusal, limitWaitMs } from "./server-refusal.ts";

/**
 * A message whose handling was interrupted this often may be the cause of the crashes. It is given
 * up.
 */
const MAX_ATTEMPTS = 3;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;

const textSchema = z.looseObject({
  msgtype: z.literal("m.text"),
  body: z.string(),
  formatted_body: z.string().optional().catch(undefined),
  "m.relates_to": z
    .looseObject({ rel_type: z.string().optional(), event_id: z.string().optional() })
    .optional()
    .catch(undefined),
});

/** A text message and the thread it belongs to. */
interface ThreadedText extends IncomingText {
  threadRoot: string | null;
}

export interface InboxOptions {
  userId: string;
  receivedEvents: ReceivedEvents;
  conversations: Pick<Conversations, "forEvent">;
  confirmations: Pick<Confirmations, "onText" | "onReaction">;
  /** Handles a text that answers no question. */
  dispatch: (text: IncomingText, conversation: Conversation) => Promise<void>;
  now: () => number;
  log: Logger;
}

/**
 * Handles each message and each confirming reaction once.
 * 1. Stores the event before the sync continues.
 * 2. Handles it in parallel with other events.
 * 3. After a restart, handles again what a crash interrupted.
 */
export class Inbox {
  readonly #options: InboxOptions;
  readonly #underWay = new Set<Promise<void>>();
  readonly #stopping = new AbortController();

  constructor(options: InboxOptions) {
    this.#options = options;
  }

  /** Handles the events that the last process left unhandled. */
  async start(): Promise<void> {
    for (const pending of await this.#options.receivedEvents.unhandled()) this.#begin(pending);
  }

  async receive(roomId: string, raw: unknown): Promise<void> {
    const event = parseRoomEvent(raw);
    if (!event || event.sender === this.#options.userId || !isForUs(event)) return;
    if (await this.#options.receivedEvents.add(roomId, event, this.#options.now()))
      this.#begin({ roomId, event, attempts: 0, isUnreadable: false });
  }

  /** Waits for running handlers, at most this long. The next start finishes the rest. */
  async stop(timeoutMs: number): Promise<void> {
    this.#stopping.abort();
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutMs);
    });
    await Promise.race([Promise.allSettled(this.#underWay), deadline]);
    clearTimeout(timer);
  }

  #begin(pending: PendingEvent): void {
    if (this.#stopping.signal.aborted) return;
    const work = this.#handle(pending).catch((error: unknown) => {
      this.#options.log.error(
        { err: error, eventId: pending.event.event_id },
        "a message could not be handled; it is tried again after a restart",
      );
    });
    this.#underWay.add(work);
    void work.finally(() => this.#underWay.delete(work));
  }

  async #handle({ roomId, event, attempts, isUnreadable }: PendingEvent): Promise<void> {
    const { receivedEvents, confirmations, dispatch, now, log } = this.#options;
    const text = readText(event);
    const confirmed = confirmedEventId(event);
    const conversation = await this.#conversation(roomId, event, text?.threadRoot ?? null);
    if (conversation) {
      await receivedEvents.begin(event.event_id);
      try {
        if (isUnreadable) throw new Error("the stored message cannot be read");
        if (attempts >= MAX_ATTEMPTS)
          throw new Error("the handling of this message was interrupted too often");
        if (confirmed !== null) await confirmations.onReaction(conversation, confirmed);
        else if (text && !(await confirmations.onText(text, conversation)))
          await dispatch(text, conversation);
      } catch (error) {
        if (this.#stopping.signal.aborted) throw error;
        await reportUnexpected(error, conversation, log);
      }
    }
    await receivedEvents.finish(event.event_id, now());
  }

  /**
   * The conversation of an event. Asks the server for the members of the room, and waits for a
   * server that is away. Null if the bot is no longer in the room, because it cannot answer there.
   */
  async #conversation(
    roomId: string,
    event: RoomEvent,
    threadRoot: string | null,
  ): Promise<Conversation | null> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#options.conversations.forEvent(roomId, event, threadRoot);
      } catch (error) {
        if (this.#stopping.signal.aborted) throw error;
        const reason = error instanceof Error ? error.message : "no usable answer";
        this.#options.log.warn(
          { reason, roomId, attempt },
          "the members of a message's room could not be read",
        );
        if (isFinalRefusal(error)) return null;
        const backoffMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempt, 10));
        await sleep(limitWaitMs(error) ?? backoffMs, undefined, { signal: this.#stopping.signal });
      }
    }
  }
}

/**
 * Accepts confirming reactions and text messages. An edit is never a command; it is accepted only
 * if it holds a secret, which must be redacted.
 */
function isForUs(event: RoomEvent): boolean {
  if (confirmedEventId(event) !== null) return true;
  const text = readText(event);
  return text !== null && (!text.isEdit || hasSecretShape(text.body));
}

function readText(event: RoomEvent): ThreadedText | null {
  if (event.type !== "m.room.message") return null;
  const parsed = textSchema.safeParse(event.content);
  if (!parsed.success) return null;
  const { body, formatted_body: formattedBody = null, "m.relates_to": relation } = parsed.data;
  return {
    body,
    formattedBody,
    isEdit: relation?.rel_type === "m.replace",
    threadRoot: relation?.rel_type === "m.thread" ? (relation.event_id ?? null) : null,
  };
}

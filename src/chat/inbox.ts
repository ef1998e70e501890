import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import type { IncomingText } from "../commands/dispatch.ts";
import { reportUnexpected } from "../commands/dispatch.ts";
import type { Conversation } from "../dialogue/conversation.ts";
import { mayHoldSecret } from "../grammar/parse.ts";
import type { FileReference } from "../model/file-reference.ts";
import { KeyedQueue } from "../model/keyed-queue.ts";
import { Slots } from "../model/slots.ts";
import type { PendingEvent, ReceivedEvents, RoomEvent } from "../store/received-events.ts";
import { parseRoomEvent } from "../store/received-events.ts";
import type { ReceivedFiles } from "../store/received-files.ts";
import type { Confirmations } from "./confirmations.ts";
import { confirmedEventId } from "./confirming-reaction.ts";
import type { Conversations } from "./conversations.ts";
import { readFileMessage } from "./file-message.ts";
import { readMessageText } from "./message-text.ts";
import { isFinalRefusal } from "./server-refusal.ts";
import { retryWaitMs } from "./until-answered.ts";

/**
 * A message whose handling was interrupted this often may be the cause of the crashes. It is given
 * up.
 */
const MAX_ATTEMPTS = 3;
/**
 * The number of events that are handled at once after a restart, because one may need much memory.
 */
const MAX_REPLAYS = 8;
/** After this time a slow command no longer counts among the replayed events. */
const LONGEST_REPLAY_MS = 60_000;
/** The longest time that a person's message waits for the answer to the message before it. */
const LONGEST_TURN_MS = 10_000;

export interface InboxOptions {
  userId: string;
  receivedEvents: ReceivedEvents;
  conversations: Pick<Conversations, "forEvent">;
  receivedFiles: Pick<ReceivedFiles, "add">;
  confirmations: Pick<Confirmations, "onText" | "onReaction">;
  isPermitted: (userId: string) => boolean;
  /** Handles a text that answers no question. */
  dispatch: (text: IncomingText, conversation: Conversation) => Promise<void>;
  now: () => number;
  log: Logger;
}

/**
 * Handles each message and each confirming reaction once.
 * 1. Stores the event before the sync continues.
 * 2. Handles the messages of one person in order, beside those of others. The next message begins
 *    when the one before gets its first answer, so a long command delays no other.
 * 3. After a restart, handles again what a crash interrupted, a few at a time.
 */
export class Inbox {
  readonly #options: InboxOptions;
  readonly #underWay = new Set<Promise<void>>();
  readonly #turns = new KeyedQueue();
  readonly #stopping = new AbortController();
  /** Nothing is said or recorded any more. */
  #isOver = false;

  constructor(options: InboxOptions) {
    this.#options = options;
  }

  /** Handles the events that the last process left unhandled. */
  async start(): Promise<void> {
    const slots = new Slots(MAX_REPLAYS);
    for (const pending of await this.#options.receivedEvents.unhandled()) this.#begin(pending, slots);
  }

  async receive(roomId: string, raw: unknown, { wasEncrypted = false } = {}): Promise<void> {
    const parsed = parseRoomEvent(raw);
    if (!parsed || parsed.sender === this.#options.userId || !isForUs(parsed)) return;
    const event = { ...parsed, wasEncrypted };
    if (await this.#options.receivedEvents.add(roomId, event, this.#options.now()))
      this.#begin({ roomId, event, attempts: 0, isUnreadable: false });
  }

  /**
   * Waits for running handlers, at most this long. The next start handles the other events again,
   * and only then answers them: their requests are aborted now, and such an error is no answer.
   */
  async stop(timeoutMs: number): Promise<void> {
    this.#stopping.abort();
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutMs);
    });
    await Promise.race([Promise.allSettled(this.#underWay), deadline]);
    clearTimeout(timer);
    this.#isOver = true;
  }

  #assertGoingOn(): void {
    if (this.#isOver) throw new Error("the process stops");
  }

  #begin(pending: PendingEvent, slots?: Slots): void {
    const work = this.#turns.run(pending.event.sender, () => this.#takeTurn(pending, slots));
    this.#track(work);
  }

  #track(work: Promise<unknown>): void {
    const tracked: Promise<void> = work
      .then(
        () => undefined,
        () => undefined,
      )
      .finally(() => this.#underWay.delete(tracked));
    this.#underWay.add(tracked);
  }

  /** Resolves when the next message of the person may be handled. */
  async #takeTurn(pending: PendingEvent, slots?: Slots): Promise<void> {
    const leave = await slots?.enter();
    if (this.#stopping.signal.aborted) return;
    const said = Promise.withResolvers<undefined>();
    const handled = this.#handle(pending, () => said.resolve(undefined)).catch((error: unknown) => {
      this.#options.log.error(
        { err: error, eventId: pending.event.event_id },
        "a message could not be handled; it is tried again after a restart",
      );
    });
    this.#track(handled);
    if (leave) void this.#within(LONGEST_REPLAY_MS, handled).then(leave);
    await this.#within(LONGEST_TURN_MS, Promise.race([handled, said.promise]));
  }

  /** Waits for the work until it ends, the time is over or the process stops. */
  async #within(ms: number, work: Promise<unknown>): Promise<void> {
    const { signal } = this.#stopping;
    const ended = Promise.withResolvers<undefined>();
    const end = (): void => ended.resolve(undefined);
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
    await Promise.race([work, ended.promise]);
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
  }

  async #handle({ roomId, event, attempts }: PendingEvent, onSaid: () => void): Promise<void> {
    const { receivedEvents, confirmations, dispatch, now, log } = this.#options;
    const text = readMessageText(event);
    const file = readFileMessage(event);
    const confirmed = confirmedEventId(event);
    const conversation = await this.#conversation(roomId, event, {
      threadRoot: text?.threadRoot ?? null,
      inReplyTo: text?.inReplyTo ?? null,
      beforeSaying: () => {
        this.#assertGoingOn();
        onSaid();
      },
    });
    if (conversation) {
      await this.#untilStored(() => receivedEvents.begin(event.event_id));
      if (file !== null) await this.#untilStored(() => this.#remember(file, conversation));
      try {
        if (attempts >= MAX_ATTEMPTS)
          throw new Error("the handling of this message was interrupted too often");
        if (confirmed !== null) await confirmations.onReaction(conversation, confirmed);
        else if (text && !(await confirmations.onText(text, conversation)))
          await dispatch(text, conversation);
      } catch (error) {
        if (this.#stopping.signal.aborted) throw error;
        await this.#untilStored(() => reportUnexpected(error, conversation, log));
      }
    }
    this.#assertGoingOn();
    await this.#untilStored(() => receivedEvents.finish(event.event_id, now()));
  }

  /** A file of a person can be named by a later command, where the bot listens. */
  async #remember(file: FileReference, { roomKind, roomId, sender, eventId }: Conversation): Promise<void> {
    const { receivedFiles, isPermitted, now } = this.#options;
    if (roomKind !== "other" && isPermitted(sender))
      await receivedFiles.add({ roomId, sender }, { eventId, file }, now());
  }

  /**
   * Repeats a write that failed, for example on a full disk, until it succeeds or the process
   * stops.
   */
  async #untilStored(write: () => Promise<void>): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        await write();
        return;
      } catch (error) {
        if (this.#stopping.signal.aborted) throw error;
        this.#options.log.error({ err: error, attempt }, "the state of a message could not be stored yet");
        await this.#pause(retryWaitMs(error, attempt));
      }
    }
  }

  #pause(ms: number): Promise<void> {
    return sleep(ms, undefined, { signal: this.#stopping.signal });
  }

  /**
   * The conversation of an event. Asks the server for the members of the room, and waits for a
   * server that is away. Null if the bot is no longer in the room, because it cannot answer there.
   */
  async #conversation(
    roomId: string,
    event: RoomEvent,
    options: Parameters<Conversations["forEvent"]>[2],
  ): Promise<Conversation | null> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#options.conversations.forEvent(roomId, event, options);
      } catch (error) {
        if (this.#stopping.signal.aborted) throw error;
        const reason = error instanceof Error ? error.message : "no usable answer";
        this.#options.log.warn(
          { reason, roomId, attempt },
          "the members of a message's room could not be read",
        );
        if (isFinalRefusal(error)) return null;
        await this.#pause(retryWaitMs(error, attempt));
      }
    }
  }
}

/**
 * Accepts confirming reactions, texts and files. Edits and messages of other types are never
 * commands; such a message is accepted only if it holds a secret, which must be redacted.
 */
function isForUs(event: RoomEvent): boolean {
  if (confirmedEventId(event) !== null || readFileMessage(event) !== null) return true;
  const text = readMessageText(event);
  return text !== null && (text.kind === "text" || mayHoldSecret(text));
}

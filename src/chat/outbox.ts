import { MatrixError } from "matrix-bot-sdk";
import type { Logger } from "pino";
import { EDIT_EVERY_MS } from "../dialogue/conversation.ts";
import { TimedWorker } from "../queue/timed-worker.ts";
import type { DueItem, NewOutboxItem, OutboxItem, OutboxResult } from "../store/outbox-item.ts";
import { CRASH_SCORE, outboxPriority } from "../store/outbox-item.ts";
import type { OutboxItems } from "../store/outbox-items.ts";
import type { Recipients } from "../store/recipients.ts";
import type { MessageSender } from "./message-sender.ts";
import { OutboxSchedule } from "./outbox-schedule.ts";
import type { DirectChats } from "./rooms/direct-chats.ts";
import { isFinalRefusal, limitWaitMs } from "./server-refusal.ts";
import { retryWaitMs } from "./until-answered.ts";

/** The number of due items among which the next ones are chosen. */
const MAX_DUE = 200;
const STORE_RETRY_MS = 5_000;
/** Sending counts as failing after this time without an answer of the server. */
const STUCK_MS = 5 * 60_000;

export interface OutboxOptions {
  items: OutboxItems;
  recipients: Pick<Recipients, "holdForChat" | "move">;
  sender: Pick<MessageSender, "send">;
  chats: Pick<DirectChats, "roomFor">;
  now: () => number;
  /** Milliseconds of a clock that never jumps. */
  monotonicNow: () => number;
  log: Logger;
}

/**
 * Sends stored messages, most urgent first, and in turn for each person (`OutboxSchedule`). A
 * message to a person follows them: if they left its room, it goes to the newest chat with them.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #worker: TimedWorker;
  readonly #turns = new OutboxSchedule();
  readonly #underWay = new Set<Promise<void>>();
  readonly #waiting = new Map<string, Set<(result: OutboxResult) => void>>();
  /** The time until which the server asked the whole bot to wait. */
  #pausedUntil = 0;
  /**
   * The time of the first request without an answer since the last answer, by the monotonic clock.
   */
  #failingSince: number | null = null;

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#worker = new TimedWorker(() => this.#beginDue(), options);
  }

  start(): void {
    this.#worker.start();
  }

  async stop(): Promise<void> {
    await this.#worker.stop();
    await Promise.all(this.#underWay);
  }

  /** The items that are being sent, for the note of a crash. */
  get underWay(): readonly number[] {
    return this.#turns.underWay;
  }

  /** False if messages wait and the server has answered no request for some minutes. */
  get isSending(): boolean {
    const since = this.#failingSince;
    return since === null || this.#options.monotonicNow() - since < STUCK_MS;
  }

  /** Stores the item. It is sent when its turn comes. */
  async add(item: NewOutboxItem): Promise<void> {
    await this.#options.items.add(item, this.#options.now());
    this.#worker.wake();
  }

  /** Call this when messages that waited for something else may be sent. */
  wake(): void {
    this.#worker.wake();
  }

  /** The outcome of an item. Null after the timeout; the item is still tried after that. */
  async waitFor(transactionId: string, timeoutMs: number): Promise<OutboxResult | null> {
    const outcome = Promise.withResolvers<OutboxResult | null>();
    const waiting = this.#waiting.get(transactionId) ?? new Set();
    this.#waiting.set(transactionId, waiting.add(outcome.resolve));
    const timer = setTimeout(() => outcome.resolve(null), timeoutMs);
    try {
      // The item may have been sent before this call.
      return (await this.#options.items.result(transactionId)) ?? (await outcome.promise);
    } finally {
      clearTimeout(timer);
      waiting.delete(outcome.resolve);
      if (waiting.size === 0) this.#waiting.delete(transactionId);
    }
  }

  async #beginDue(): Promise<{ nextAt: number | null }> {
    const { items, now, monotonicNow } = this.#options;
    const pausedMs = this.#pausedUntil - monotonicNow();
    if (pausedMs > 0) return { nextAt: now() + pausedMs };
    // One time for both questions: what becomes due between two would be in neither answer.
    const at = now();
    for (const item of this.#turns.take(await items.due(at, MAX_DUE))) this.#begin(item);
    // Items that are due and not begun are begun when another item ends.
    return { nextAt: await items.nextDueAt(at) };
  }

  #begin(due: DueItem): void {
    const work = this.#process(due.id)
      .catch((error: unknown) => {
        this.#options.log.error({ err: error }, "a message could not be sent and will be tried again");
        this.#pause(STORE_RETRY_MS);
      })
      .finally(() => {
        this.#turns.done(due);
        this.#underWay.delete(work);
        this.#worker.wake();
      });
    this.#underWay.add(work);
  }

  #pause(ms: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#options.monotonicNow() + ms);
  }

  async #process(id: number): Promise<void> {
    const { items, now } = this.#options;
    const item = await items.get(id, now());
    if (item === null) return;
    const heldUntil = await this.#heldUntil(item);
    if (heldUntil > now()) return items.wait(id, heldUntil);
    const result =
      item.crashScore >= CRASH_SCORE.givenUp
        ? ({ status: "failed", failure: "crashed_too_often" } as const)
        : await this.#try(item);
    if (result !== null) await this.#finish(item, result);
  }

  async #finish(item: OutboxItem, result: OutboxResult): Promise<void> {
    const { items, now, log } = this.#options;
    await items.finish(item.id, result, now());
    if (result.status === "failed")
      log.warn(
        { roomId: item.roomId, kind: item.kind, failure: result.failure },
        result.failure === "crashed_too_often"
          ? "a message is given up, because the process ended in every try to send it"
          : "a message could not be sent",
      );
    for (const done of this.#waiting.get(item.transactionId) ?? []) done(result);
  }

  /**
   * When an edit that shows progress may be sent: some time after the message it replaces was
   * actually sent. The server may have delayed that message.
   */
  async #heldUntil({ edits, priority }: OutboxItem): Promise<number> {
    const { items, now } = this.#options;
    if (edits === undefined || priority !== outboxPriority.progress) return 0;
    const shownAt = await items.lastShownAt(edits);
    // A time in the future means that the clock was set back, so the real age is unknown.
    return shownAt === null || shownAt > now() ? 0 : shownAt + EDIT_EVERY_MS;
  }

  /** Returns null if the item must be tried again later. */
  async #try(stored: OutboxItem): Promise<OutboxResult | null> {
    const { items, sender } = this.#options;
    await items.begin(stored.id);
    try {
      const item = await this.#addressed(stored);
      if (item === null) return await this.#withoutRecipient(stored);
      const result = await sender.send(item);
      this.#failingSince = null;
      return result;
    } catch (error) {
      return await this.#afterError(stored, error);
    }
  }

  async #afterError(item: OutboxItem, error: unknown): Promise<OutboxResult | null> {
    const { items, now, monotonicNow, log } = this.#options;
    if (isFinalRefusal(error)) {
      this.#failingSince = null;
      if (await this.#hasMoved(item)) {
        await items.postpone(item.id, now());
        return null;
      }
      return { status: "failed", failure: error instanceof MatrixError ? error.errcode : "refused" };
    }
    const waitMs = limitWaitMs(error);
    if (waitMs !== null) {
      this.#pause(waitMs);
      await items.postpone(item.id, now());
      return null;
    }
    this.#failingSince ??= monotonicNow();
    const backoffMs = retryWaitMs(error, item.attempts);
    log.warn(
      { roomId: item.roomId, attempts: item.attempts + 1, backoffMs, reason: errorName(error) },
      "a message could not be sent yet",
    );
    await items.postpone(item.id, now() + backoffMs);
    return null;
  }

  /** The item with the room in which its recipient is now; null if the recipient is in none. */
  async #addressed(item: OutboxItem): Promise<OutboxItem | null> {
    const { recipients, chats } = this.#options;
    if (item.forUser === null || item.kind !== "message") return item;
    const roomId = await chats.roomFor(item.forUser, item.roomId, {
      isPrivate: item.isPrivate === true,
    });
    if (roomId === null || roomId === item.roomId) return roomId === null ? null : item;
    const content = withoutRelation(item.content);
    await recipients.move(item, { roomId, content });
    return { ...item, roomId, content };
  }

  /**
   * Drops progress, because a later edit shows it again. Everything else waits until a chat is
   * opened.
   */
  async #withoutRecipient(item: OutboxItem): Promise<OutboxResult | null> {
    if (item.priority === outboxPriority.progress) return { status: "failed", failure: "no recipient" };
    await this.#options.recipients.holdForChat(item.id, withoutRelation(item.content));
    this.#options.log.info({ kind: item.kind }, "a message waits for a chat with its recipient");
    return null;
  }

  /**
   * Whether the recipient has left the room of a refused message. The bot may learn it only by the
   * refusal.
   */
  async #hasMoved(item: OutboxItem): Promise<boolean> {
    if (item.forUser === null || item.kind !== "message") return false;
    const roomId = await this.#options.chats
      .roomFor(item.forUser, item.roomId, { isFresh: true })
      .catch(() => item.roomId);
    return roomId !== item.roomId;
  }
}

/** A reply or a thread belongs to the room of the message that it answers. */
function withoutRelation({ "m.relates_to": _relation, ...content }: Record<string, unknown>) {
  return content;
}

function errorName(error: unknown): string {
  return error instanceof Error ? error.message.slice(0, 200) : "no usable answer";
}

import { MatrixError } from "matrix-bot-sdk";
import type { Logger } from "pino";
import { EDIT_EVERY_MS } from "../dialogue/conversation.ts";
import type { NewOutboxItem, OutboxItem, OutboxItems, OutboxResult } from "../store/outbox-items.ts";
import { outboxPriority } from "../store/outbox-items.ts";
import { editContent } from "../view/document/message.ts";
import { isFinalRefusal, limitWaitMs } from "./server-refusal.ts";
import { TimedWorker } from "./timed-worker.ts";

const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;

/** The part of matrix-bot-sdk's client that sends. */
export interface SendingClient {
  doRequest(
    method: string,
    path: string,
    query: Record<string, unknown> | null,
    body: unknown,
  ): Promise<unknown>;
  uploadContent(bytes: Buffer, mimeType?: string, fileName?: string): Promise<string>;
  readonly encryption: {
    /** Rejects if the server did not say it. */
    isEncrypted(roomId: string): Promise<boolean>;
  };
  readonly crypto: {
    encryptRoomEvent(roomId: string, type: string, content: unknown): Promise<unknown>;
    encryptMedia(bytes: Buffer): Promise<{ buffer: Buffer; file: object }>;
  };
}

/**
 * Sends stored messages, one at a time, most urgent first. Every try of an item uses the item's
 * stored transaction ID, so the server answers a repeated request with the event that the first one
 * made (CS API §Transaction identifiers).
 */
export class Outbox {
  readonly #items: OutboxItems;
  readonly #client: SendingClient;
  readonly #now: () => number;
  readonly #log: Logger;
  readonly #worker: TimedWorker;
  readonly #waiting = new Map<string, Set<(result: OutboxResult) => void>>();
  /** The time until which the server asked the whole bot to wait. */
  #pausedUntil = 0;

  constructor(items: OutboxItems, client: SendingClient, { now, log }: { now: () => number; log: Logger }) {
    this.#items = items;
    this.#client = client;
    this.#now = now;
    this.#log = log;
    this.#worker = new TimedWorker(() => this.#sendDue(), { now, log });
  }

  start(): void {
    this.#worker.start();
  }

  stop(): Promise<void> {
    return this.#worker.stop();
  }

  /** Stores the item. It is sent when its turn comes. */
  async add(item: NewOutboxItem): Promise<void> {
    await this.#items.add(item, this.#now());
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
      return (await this.#items.result(transactionId)) ?? (await outcome.promise);
    } finally {
      clearTimeout(timer);
      waiting.delete(outcome.resolve);
      if (waiting.size === 0) this.#waiting.delete(transactionId);
    }
  }

  async #sendDue(): Promise<{ nextAt: number | null }> {
    if (this.#pausedUntil > this.#now()) return { nextAt: this.#pausedUntil };
    const item = await this.#items.nextDue(this.#now());
    if (!item) return { nextAt: await this.#items.nextDueAt() };
    const heldUntil = await this.#heldUntil(item);
    if (heldUntil > this.#now()) {
      await this.#items.postpone(item.id, heldUntil);
      return { nextAt: this.#now() };
    }
    await this.#items.begin(item.id);
    const result = await this.#try(item);
    if (result) {
      await this.#items.finish(item.id, result, this.#now());
      if (result.status === "failed")
        this.#log.warn(
          { roomId: item.roomId, kind: item.kind, failure: result.failure },
          "a message could not be sent",
        );
      for (const done of this.#waiting.get(item.transactionId) ?? []) done(result);
    }
    return { nextAt: Math.max(this.#pausedUntil, this.#now()) };
  }

  /**
   * When an edit that shows progress may be sent: some time after the message it replaces was
   * actually sent. The server may have delayed that message.
   */
  async #heldUntil({ edits, priority }: OutboxItem): Promise<number> {
    if (edits === undefined || priority !== outboxPriority.progress) return 0;
    const shownAt = await this.#items.lastShownAt(edits);
    // A time in the future means that the clock was set back, so the real age is unknown.
    return shownAt === null || shownAt > this.#now() ? 0 : shownAt + EDIT_EVERY_MS;
  }

  /** Returns null if the item must be tried again later. */
  async #try(item: OutboxItem): Promise<OutboxResult | null> {
    try {
      const eventId = await (item.kind === "reaction" ? this.#react(item) : this.#send(item));
      return eventId === null
        ? { status: "failed", failure: "nothing to react to" }
        : { status: "sent", eventId };
    } catch (error) {
      if (isFinalRefusal(error))
        return { status: "failed", failure: error instanceof MatrixError ? error.errcode : "refused" };
      const waitMs = limitWaitMs(error);
      if (waitMs !== null) {
        this.#pausedUntil = this.#now() + waitMs;
        return null;
      }
      const backoffMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(item.attempts, 10));
      this.#log.warn(
        { roomId: item.roomId, attempts: item.attempts + 1, backoffMs, reason: errorName(error) },
        "a message could not be sent yet",
      );
      await this.#items.postpone(item.id, this.#now() + backoffMs);
      return null;
    }
  }

  async #send(item: OutboxItem): Promise<string> {
    const room = `/_matrix/client/v3/rooms/${encodeURIComponent(item.roomId)}`;
    const transaction = encodeURIComponent(item.transactionId);
    if (item.kind === "redaction") {
      const { redacts, reason } = item.content;
      return this.#put(`${room}/redact/${encodeURIComponent(String(redacts))}/${transaction}`, { reason });
    }
    const content = await this.#finishContent(item);
    if (!(await this.#client.encryption.isEncrypted(item.roomId)))
      return this.#put(`${room}/send/m.room.message/${transaction}`, content);
    const encrypted = await this.#client.crypto.encryptRoomEvent(item.roomId, "m.room.message", content);
    return this.#put(`${room}/send/m.room.encrypted/${transaction}`, encrypted);
  }

  /**
   * Reactions are not encrypted, because servers count them (CS API §Event annotations and
   * reactions). Null if the message to react to was not sent.
   */
  async #react({ roomId, transactionId, content: { to, key } }: OutboxItem): Promise<string | null> {
    const message = await this.#items.result(String(to));
    if (message?.status !== "sent") return null;
    const room = `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}`;
    return this.#put(`${room}/send/m.reaction/${encodeURIComponent(transactionId)}`, {
      "m.relates_to": { rel_type: "m.annotation", event_id: message.eventId, key },
    });
  }

  async #put(path: string, body: unknown): Promise<string> {
    const answer: unknown = await this.#client.doRequest("PUT", path, null, body);
    if (
      typeof answer === "object" &&
      answer !== null &&
      "event_id" in answer &&
      typeof answer.event_id === "string"
    )
      return answer.event_id;
    throw new Error("the server did not name the event it made");
  }

  /**
   * Completes the content of a message: uploads an attachment once, and fills in the ID of the
   * event that an edit replaces.
   */
  async #finishContent(item: OutboxItem): Promise<Record<string, unknown>> {
    if (item.attachment) {
      const content = await this.#uploaded(item.roomId, item.content, item.attachment);
      await this.#items.setContent(item.id, content);
      return content;
    }
    if (item.edits === undefined) return item.content;
    const original = await this.#items.result(item.edits);
    // If the original was never sent, the new text is sent as a message of its own.
    return original?.status === "sent" ? editContent(item.content, original.eventId) : item.content;
  }

  async #uploaded(
    roomId: string,
    content: Record<string, unknown>,
    attachment: Buffer,
  ): Promise<Record<string, unknown>> {
    const { info } = content;
    const mimeType =
      typeof info === "object" && info !== null && "mimetype" in info
        ? String(info.mimetype)
        : "application/octet-stream";
    if (!(await this.#client.encryption.isEncrypted(roomId)))
      return {
        ...content,
        url: await this.#client.uploadContent(attachment, mimeType, String(content["filename"])),
      };
    const { buffer, file } = await this.#client.crypto.encryptMedia(attachment);
    return { ...content, file: { ...file, url: await this.#client.uploadContent(buffer) } };
  }
}

function errorName(error: unknown): string {
  return error instanceof Error ? error.message.slice(0, 200) : "no usable answer";
}

import type { CryptoMachine, RoomKey } from "@matrix-org/matrix-sdk-crypto-nodejs";
import { EncryptedRoomEvent } from "matrix-bot-sdk";
import type { Logger } from "pino";
import { z } from "zod";
import { TimedWorker } from "../queue/timed-worker.ts";
import { outboxPriority } from "../store/outbox-item.ts";
import type { ReceivedEvents } from "../store/received-events.ts";
import { parseRoomEvent } from "../store/received-events.ts";
import type { UndecryptedEvent, UndecryptedEvents } from "../store/undecrypted-events.ts";
import { cannotDecrypt } from "../view/dialogue/room-notes.ts";
import { messageContent } from "../view/document/message.ts";
import type { Outbox } from "./outbox.ts";
import type { Rooms } from "./rooms/rooms.ts";
import { isFinalRefusal } from "./server-refusal.ts";

/**
 * Keys usually arrive with the message or seconds later. After this time the bot reports the
 * message to its sender.
 */
const RETRY_BEFORE_REPORT_MS = 15_000;
const REPORT_RETRY_MS = 60_000;
/** After this time the bot expects no key any more. */
const KEEP_MS = 7 * 24 * 3_600_000;

export interface UndecryptedOptions {
  events: UndecryptedEvents;
  receivedEvents: Pick<ReceivedEvents, "has">;
  client: {
    readonly crypto: {
      decryptRoomEvent(event: EncryptedRoomEvent, roomId: string): Promise<{ readonly raw: unknown }>;
    };
  };
  machine: Pick<CryptoMachine, "onRoomKeys">;
  rooms: Pick<Rooms, "kind">;
  outbox: Pick<Outbox, "add">;
  userId: string;
  isPermitted: (userId: string) => boolean;
  /** Handles a message that could be decrypted later. */
  onDecrypted: (roomId: string, event: unknown) => Promise<void>;
  now: () => number;
  log: Logger;
}

/**
 * Keeps messages that cannot be decrypted, decrypts them when their key arrives, and reports to the
 * sender if it does not.
 */
export class UndecryptableMessages {
  readonly #options: UndecryptedOptions;
  readonly #worker: TimedWorker;

  constructor(options: UndecryptedOptions) {
    this.#options = options;
    this.#worker = new TimedWorker(() => this.#work(), options);
    options.machine.onRoomKeys((keys) => {
      this.#inBackground(() => this.#retryFor(keys));
    });
  }

  /**
   * Tries all stored events first: a key may have arrived just before the last process ended, and
   * the library does not announce it again.
   */
  start(): void {
    this.#inBackground(async () => this.#retry(await this.#options.events.all()));
    this.#worker.start();
  }

  stop(): Promise<void> {
    return this.#worker.stop();
  }

  async receive(roomId: string, raw: unknown): Promise<void> {
    const event = parseRoomEvent(raw);
    const { events, receivedEvents, userId, isPermitted, now } = this.#options;
    if (!event || event.sender === userId || !isPermitted(event.sender)) return;
    // A deleted event has no content.
    if (sessionIdOf(event) === null) return;
    // After a crash a sync can come again. If the keys were lost meanwhile, the new device cannot
    // read a message that the old one has answered.
    if (await receivedEvents.has(event.event_id)) return;
    await events.add({
      eventId: event.event_id,
      roomId,
      sender: event.sender,
      event: JSON.stringify(event),
      receivedAt: now(),
    });
    this.#worker.wake();
  }

  #inBackground(work: () => Promise<void>): void {
    work().catch((error: unknown) =>
      this.#options.log.error({ err: error }, "messages could not be read after their keys arrived"),
    );
  }

  /** Tries only the events of these sessions, because each try delays the sync by milliseconds. */
  async #retryFor(keys: readonly RoomKey[]): Promise<void> {
    const sessionIds = new Set(keys.map(({ sessionId }) => sessionId));
    for (const roomId of new Set(keys.map((key) => key.roomId))) {
      const stored = await this.#options.events.ofRoom(roomId);
      await this.#retry(stored.filter(({ event }) => sessionIds.has(sessionIdOf(eventIn(event)) ?? "")));
    }
  }

  async #retry(stored: readonly UndecryptedEvent[]): Promise<void> {
    const { events, client, onDecrypted } = this.#options;
    for (const { eventId, roomId, event } of stored) {
      const encrypted = eventIn(event);
      if (sessionIdOf(encrypted) === null) continue;
      const decrypted = await client.crypto
        .decryptRoomEvent(new EncryptedRoomEvent(encrypted), roomId)
        .catch(() => null);
      if (!decrypted) continue;
      await onDecrypted(roomId, decrypted.raw);
      await events.remove(eventId);
    }
  }

  async #work(): Promise<{ nextAt: number | null }> {
    const { events, now, log } = this.#options;
    await events.prune(now() - KEEP_MS);
    const unreported = Map.groupBy(
      await events.unreported(now() - RETRY_BEFORE_REPORT_MS),
      (event) => event.roomId,
    );
    let hasFailed = false;
    for (const [roomId, ofRoom] of unreported) {
      try {
        await this.#report(roomId, ofRoom);
        await events.markReported(ofRoom.map(({ eventId }) => eventId));
      } catch (error) {
        hasFailed = true;
        log.warn({ err: error, roomId }, "messages that cannot be read could not be reported yet");
      }
    }
    const nextAt = await events.nextUnreportedAt(RETRY_BEFORE_REPORT_MS);
    return { nextAt: hasFailed ? now() + REPORT_RETRY_MS : nextAt };
  }

  async #report(roomId: string, events: readonly UndecryptedEvent[]): Promise<void> {
    const { rooms, outbox, isPermitted } = this.#options;
    const permitted = events.filter((event) => isPermitted(event.sender));
    const [first] = permitted;
    if (!first || (await this.#isElsewhere(rooms, roomId))) return;
    await outbox.add({
      transactionId: `${first.eventId} undecrypted`,
      roomId,
      forUser: first.sender,
      cause: { kind: "undecrypted", id: first.eventId },
      kind: "message",
      content: messageContent(cannotDecrypt(permitted.length), []),
      priority: outboxPriority.answer,
    });
  }

  /** A refusal means that the bot is no longer in the room. */
  async #isElsewhere(rooms: Pick<Rooms, "kind">, roomId: string): Promise<boolean> {
    try {
      return (await rooms.kind(roomId)) === "other";
    } catch (error) {
      if (isFinalRefusal(error)) return true;
      throw error;
    }
  }
}

const megolmSchema = z.looseObject({
  content: z.looseObject({ ciphertext: z.string(), session_id: z.string() }),
});

/** A stored event; null if its row is damaged. Such a row keeps no other event from being read. */
function eventIn(stored: string): unknown {
  try {
    return JSON.parse(stored);
  } catch {
    return null;
  }
}

/** The session of an encrypted event; null if it holds nothing encrypted. */
function sessionIdOf(event: unknown): string | null {
  const parsed = megolmSchema.safeParse(event);
  return parsed.success ? parsed.data.content.session_id : null;
}

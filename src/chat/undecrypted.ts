import type { CryptoMachine } from "@matrix-org/matrix-sdk-crypto-nodejs";
import type { MatrixClient } from "matrix-bot-sdk";
import { EncryptedRoomEvent } from "matrix-bot-sdk";
import type { Logger } from "pino";
import { outboxPriority } from "../store/outbox-item.ts";
import { parseRoomEvent } from "../store/received-events.ts";
import type { UndecryptedEvent, UndecryptedEvents } from "../store/undecrypted-events.ts";
import { cannotDecrypt } from "../view/dialogue/room-notes.ts";
import { messageContent } from "../view/document/message.ts";
import type { Outbox } from "./outbox.ts";
import type { Rooms } from "./rooms/rooms.ts";
import { TimedWorker } from "./timed-worker.ts";

/**
 * Keys usually arrive with the message or seconds later. After this time the bot reports the
 * message to its sender.
 */
const RETRY_BEFORE_REPORT_MS = 15_000;
/** After this time the bot expects no key any more. */
const KEEP_MS = 7 * 24 * 3_600_000;

export interface UndecryptedOptions {
  events: UndecryptedEvents;
  client: MatrixClient;
  machine: CryptoMachine;
  rooms: Rooms;
  outbox: Outbox;
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
      for (const roomId of new Set(keys.map((key) => key.roomId))) this.#retryRoom(roomId);
    });
  }

  start(): void {
    this.#worker.start();
  }

  stop(): Promise<void> {
    return this.#worker.stop();
  }

  async receive(roomId: string, raw: unknown): Promise<void> {
    const event = parseRoomEvent(raw);
    if (!event || event.sender === this.#options.userId) return;
    const { events, now } = this.#options;
    await events.add({
      eventId: event.event_id,
      roomId,
      sender: event.sender,
      event: JSON.stringify(event),
      receivedAt: now(),
    });
    this.#worker.wake();
  }

  #retryRoom(roomId: string): void {
    this.#retry(roomId).catch((error: unknown) =>
      this.#options.log.error({ err: error }, "messages could not be read after their keys arrived"),
    );
  }

  async #retry(roomId: string): Promise<void> {
    const { events, client, onDecrypted } = this.#options;
    for (const { eventId, event } of await events.ofRoom(roomId)) {
      const decrypted = await client.crypto
        .decryptRoomEvent(new EncryptedRoomEvent(JSON.parse(event)), roomId)
        .catch(() => null);
      if (!decrypted) continue;
      await onDecrypted(roomId, decrypted.raw);
      await events.remove(eventId);
    }
  }

  async #work(): Promise<{ nextAt: number | null }> {
    const { events, now } = this.#options;
    await events.prune(now() - KEEP_MS);
    const unreported = Map.groupBy(
      await events.takeUnreported(now() - RETRY_BEFORE_REPORT_MS),
      (event) => event.roomId,
    );
    for (const [roomId, ofRoom] of unreported) await this.#report(roomId, ofRoom);
    return { nextAt: await events.nextUnreportedAt(RETRY_BEFORE_REPORT_MS) };
  }

  async #report(roomId: string, events: readonly UndecryptedEvent[]): Promise<void> {
    const { rooms, outbox, isPermitted } = this.#options;
    const permitted = events.filter((event) => isPermitted(event.sender));
    const [first] = permitted;
    if (!first || (await rooms.kind(roomId)) === "other") return;
    await outbox.add({
      transactionId: `${first.eventId} undecrypted`,
      roomId,
      forUser: first.sender,
      kind: "message",
      content: messageContent(cannotDecrypt(permitted.length), []),
      priority: outboxPriority.answer,
    });
  }
}

import type { ICryptoStorageProvider, IStorageProvider } from "matrix-bot-sdk";
import { MatrixClient, MatrixError } from "matrix-bot-sdk";
import type { Logger } from "pino";
import type { SyncResponse } from "./sync-response.ts";
import { readSyncResponse } from "./sync-response.ts";
import { fillGaps } from "./timeline-gaps.ts";
import { withoutHistory } from "./timeline-history.ts";

/** Receives what a sync brings, in order. The next sync is handled once the promise settles. */
export interface SyncListener {
  onMessage(roomId: string, event: unknown): Promise<void>;
  onUndecryptable(roomId: string, event: unknown): Promise<void>;
  onInvitation(roomId: string, event: unknown): Promise<void>;
  /** Every event, after its own handler above was called. */
  onRoomEvent(roomId: string, event: unknown): Promise<void>;
  onLeft(roomId: string): void;
  /** A sync was received and everything in it was handled. */
  onSynced(): void;
  /** The server no longer knows the bot's token. */
  onSessionEnded(): void;
}

const eventHandlers: Readonly<Record<string, Exclude<keyof SyncListener, "onSynced" | "onSessionEnded">>> = {
  "room.message": "onMessage",
  "room.failed_decryption": "onUndecryptable",
  "room.invite": "onInvitation",
  "room.event": "onRoomEvent",
  "room.leave": "onLeft",
};

/**
 * matrix-bot-sdk's client with a sync that loses nothing. The original loses commands in three
 * cases:
 * 1. It calls listeners without waiting for them.
 * 2. It keeps the new position in memory when a handler failed.
 * 3. It skips the part of a `limited` timeline that is left out.
 */
export class BotClient extends MatrixClient {
  // The position is stored after everything in the sync was handled, so that a crash delivers the
  // sync again. Otherwise messages around a crash cannot be decrypted (measured: 57 of 80;
  // overrides/README.md, "Crash safety").
  protected override persistTokenAfterSync = true;
  readonly #storage: IStorageProvider;
  #listener: SyncListener | null = null;
  readonly #log: Logger;
  #isInitialSync = false;

  constructor(options: {
    baseUrl: string;
    accessToken: string;
    storage: IStorageProvider;
    cryptoStore: ICryptoStorageProvider;
    log: Logger;
  }) {
    super(options.baseUrl, options.accessToken, options.storage, options.cryptoStore);
    this.#storage = options.storage;
    this.#log = options.log;
    // The SDK's own listeners start work that nobody waits for and whose errors nobody catches.
    // #emit below does that work in order.
    this.removeAllListeners("room.event");
    this.removeAllListeners("room.join");
  }

  /** Starts to sync. Everything that a sync brings goes to the listener. */
  async startWith(listener: SyncListener, filter: unknown): Promise<void> {
    this.#listener = listener;
    await this.start(filter);
  }

  protected override startSyncInternal(): Promise<void> {
    return this.startSync((name, ...payload) => this.#emit(name, payload));
  }

  /**
   * Always syncs from the stored position. The position that the SDK passes has advanced even if a
   * handler failed.
   */
  protected override async doSync(): Promise<unknown> {
    const position = await this.#storage.getSyncToken();
    this.#isInitialSync = !position;
    try {
      return await super.doSync(position ?? "");
    } catch (error) {
      if (error instanceof MatrixError && error.errcode === "M_UNKNOWN_TOKEN")
        this.#listener?.onSessionEnded();
      throw error;
    }
  }

  protected override async processSync(
    raw: unknown,
    emit?: (name: string, ...payload: unknown[]) => Promise<unknown>,
  ): Promise<unknown> {
    const response: SyncResponse = readSyncResponse(raw);
    const userId = await this.getUserId();
    if (!this.#isInitialSync)
      await fillGaps(response, {
        since: (await this.#storage.getSyncToken()) ?? "",
        userId,
        client: this,
        log: this.#log,
      });
    withoutHistory(response, { userId, isInitialSync: this.#isInitialSync });
    await super.processSync(response, emit);
    this.#listener?.onSynced();
    return response;
  }

  async #emit(name: string, payload: unknown[]): Promise<void> {
    const [roomId, event] = payload;
    if (typeof roomId !== "string") return;
    if (name === "room.join") await this.#updateCrypto(() => this.crypto.onRoomJoin(roomId));
    if (name === "room.event") await this.#updateCrypto(() => this.crypto.onRoomEvent(roomId, event));
    const handler = eventHandlers[name];
    if (handler !== undefined) await this.#listener?.[handler](roomId, event);
  }

  /**
   * A failure here is repaired before the next message to the room, when the members are looked up
   * anyway.
   */
  async #updateCrypto(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#log.warn({ err: error }, "the encryption state of a room could not be updated");
    }
  }
}

import { MatrixClient, MatrixError } from "matrix-bot-sdk";
import type { ICryptoStorageProvider, IStorageProvider } from "matrix-bot-sdk";
import type { Logger } from "pino";
import { fillGaps } from "./timeline-gaps.ts";
import { withoutHistory } from "./timeline-history.ts";
import type { SyncResponse } from "./sync-response.ts";
import { readSyncResponse } from "./sync-response.ts";

/** What a sync brings, in order; the next one is read when the promise settles. */
export interface SyncListener {
  onMessage(roomId: string, event: unknown): Promise<void>;
  onUndecryptable(roomId: string, event: unknown): Promise<void>;
  onInvitation(roomId: string, event: unknown): Promise<void>;
  /** Every event, after its own handler above. */
  onRoomEvent(roomId: string, event: unknown): Promise<void>;
  onLeft(roomId: string): void;
  /** A sync was answered and everything in it was taken. */
  onSynced(): void;
  /** The server does not know the bot's token any more. */
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
 * matrix-bot-sdk's client with a sync that loses nothing. As it comes, the SDK calls listeners
 * without waiting for them, keeps the new position in memory when handling failed, and skips what a
 * `limited` timeline leaves out; each of these would lose a command.
 */
export class BotClient extends MatrixClient {
  // The position is stored when everything of the sync was handled, so that a crash delivers it
  // again (measured: 57 of 80 messages around kills could not be decrypted otherwise, encryption.md
  // section 2).
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
    // The SDK's own listeners start work that nobody waits for and whose failure nobody catches;
    // #emit below does the same in order.
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
   * Always from the stored position: the one the SDK passes has moved on even when handling failed.
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
    if (name === "room.join") await this.#tellCrypto(() => this.crypto.onRoomJoin(roomId));
    if (name === "room.event") await this.#tellCrypto(() => this.crypto.onRoomEvent(roomId, event));
    const handler = eventHandlers[name];
    if (handler !== undefined) await this.#listener?.[handler](roomId, event);
  }

  /**
   * A failure here is made good before the next message to the room, when its members are looked up
   * anyway.
   */
  async #tellCrypto(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#log.warn({ err: error }, "the encryption of a room could not be followed");
    }
  }
}

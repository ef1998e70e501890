import { setTimeout as sleep } from "node:timers/promises";
import type { IStorageProvider } from "matrix-bot-sdk";
import { MatrixClient, MatrixError } from "matrix-bot-sdk";
import type { Logger } from "pino";
import { z } from "zod";
import type { RoomEncryption } from "../rooms/room-encryption.ts";
import { isAnswer } from "../server-refusal.ts";
import { retryWaitMs, untilAnswered } from "../until-answered.ts";
import type { CryptoStorage } from "./bot-crypto.ts";
import { BotCrypto, KeysLostError } from "./bot-crypto.ts";
import type { SyncResponse } from "./sync-response.ts";
import { readSyncResponse } from "./sync-response.ts";
import { TimelineGaps } from "./timeline-gaps.ts";
import { withoutHistory } from "./timeline-history.ts";

/** The number of refusals in a row after which the sync position is dropped. */
const MAX_REFUSALS = 5;
/** How long the server may hold a sync back while there is nothing new. */
const LONG_POLL_MS = 30_000;
const SYNC_TIMEOUT_MS = 40_000;
const FIRST_SYNC_TIMEOUT_MS = 10 * 60_000;

/** Receives what a sync brings, in order. The next sync is handled once the promise settles. */
export interface SyncListener {
  /** Events of this room may have been missed. Called before its other events. */
  onGap(roomId: string): void;
  /** @param origin whether the message was encrypted when it arrived */
  onMessage(roomId: string, event: unknown, origin: { wasEncrypted: boolean }): Promise<void>;
  onUndecryptable(roomId: string, event: unknown): Promise<void>;
  onInvitation(roomId: string, event: unknown): Promise<void>;
  /** Every event, after its own handler above was called. */
  onRoomEvent(roomId: string, event: unknown): Promise<void>;
  onLeft(roomId: string): Promise<void>;
  /** A sync was received and everything in it was handled. */
  onSynced(): void;
  /** The server no longer knows the bot's token. */
  onSessionEnded(): void;
  /** The server has keys of this device that are not the ones in the crypto store. */
  onKeysLost(): void;
}

type EventHandler = "onUndecryptable" | "onInvitation" | "onRoomEvent" | "onLeft";

const eventHandlers: Readonly<Record<string, EventHandler>> = {
  "room.failed_decryption": "onUndecryptable",
  "room.invite": "onInvitation",
  "room.event": "onRoomEvent",
  "room.leave": "onLeft",
};

export interface BotClientOptions {
  baseUrl: string;
  accessToken: string;
  storage: IStorageProvider;
  createEncryption: (client: Pick<MatrixClient, "doRequest">) => RoomEncryption;
  createCryptoStorage: (encryption: RoomEncryption) => CryptoStorage;
  log: Logger;
}

/**
 * matrix-bot-sdk's client with a sync that loses nothing. The original loses commands in three
 * cases:
 * 1. It calls listeners without waiting for them.
 * 2. It keeps the new position in memory when a handler failed.
 * 3. It skips the part of a `limited` timeline that is left out.
 *
 * The SDK's loop keeps a promise of each sync for ever, so this class has its own loop.
 *
 * The SDK accepts only its own crypto storage, a file that it writes in place. So the SDK gets
 * none, and this class has the storage and the encryption.
 */
export class BotClient extends MatrixClient {
  readonly encryption: RoomEncryption;
  override readonly cryptoStore: CryptoStorage;
  override readonly crypto: BotCrypto;
  readonly #storage: IStorageProvider;
  readonly #gaps: TimelineGaps;
  #filterId: number | null = null;
  #listener: SyncListener | null = null;
  readonly #log: Logger;
  readonly #stopping = new AbortController();
  /** How often in a row the server refused the position. */
  #refusals = 0;
  #isInitialSync = false;
  #isRetrying = false;
  /** The event that was decrypted last. The SDK then passes the same object on as a message. */
  #lastDecrypted: unknown = null;

  constructor(options: BotClientOptions) {
    super(options.baseUrl, options.accessToken, options.storage);
    this.#storage = options.storage;
    this.#log = options.log;
    this.encryption = options.createEncryption(this);
    this.cryptoStore = options.createCryptoStorage(this.encryption);
    this.crypto = new BotCrypto(this, { encryption: this.encryption, log: options.log });
    this.#gaps = new TimelineGaps(this, options.log);
  }

  /**
   * Repeats the requests of this work while the server is away. Nothing else may use the client
   * meanwhile.
   */
  async withRetries<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#isRetrying = true;
    try {
      return await work();
    } finally {
      this.#isRetrying = false;
    }
  }

  override async doRequest(...request: Parameters<MatrixClient["doRequest"]>): Promise<unknown> {
    const send = (): Promise<unknown> => super.doRequest(...request);
    try {
      if (!this.#isRetrying) return await send();
      const { host } = new URL(this.homeserverUrl);
      return await untilAnswered(send, { host, isFinal: isAnswer, log: this.#log });
    } catch (error) {
      if (request[1] === "/_matrix/client/v3/keys/upload" && isKeyConflict(error))
        throw new KeysLostError("the server has other keys of this device", { cause: error });
      throw error;
    }
  }

  /**
   * Creates the filter of the sync, unless it is the one of the last start. The position stays when
   * the filter changes, so that messages sent meanwhile do not count as history.
   */
  async useFilter(filter: unknown): Promise<void> {
    const known = await this.#storage.getFilter();
    if (JSON.stringify(known.filter) !== JSON.stringify(filter)) {
      const userId = await this.getUserId();
      const path = `/_matrix/client/v3/user/${encodeURIComponent(userId)}/filter`;
      const id = filterIdOf(await this.doRequest("POST", path, null, filter));
      await this.#storage.setFilter({ id, filter });
      this.#filterId = id;
    } else this.#filterId = known.id;
  }

  /** Starts to sync. Everything that a sync brings goes to the listener. */
  startWith(listener: SyncListener): void {
    this.#listener = listener;
    void this.#syncUntilStopped();
  }

  override stop(): void {
    super.stop();
    this.#stopping.abort();
  }

  /**
   * Syncs one after the other. The position is stored after everything in the sync was handled, so
   * that a crash delivers the sync again. Otherwise messages around a crash cannot be decrypted
   * (measured: 57 of 80; overrides/README.md, "Crash safety").
   */
  async #syncUntilStopped(): Promise<void> {
    const { signal } = this.#stopping;
    for (let failures = 0; !signal.aborted;) {
      try {
        const response = await this.processSync(await this.doSync());
        await this.#storage.setSyncToken(response.next_batch);
        failures = 0;
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        this.#log.warn({ err: error, failures }, "a sync failed and is repeated");
        if (isRefusedPosition(error) && ++this.#refusals >= MAX_REFUSALS) await this.#syncAnew();
        await sleep(retryWaitMs(error, failures++), undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** The server no longer knows the position, for example after it was restored from a backup. */
  async #syncAnew(): Promise<void> {
    this.#log.error("the server refuses the position of the last sync; messages since then may be lost");
    this.#refusals = 0;
    await this.#storage.setSyncToken(null);
  }

  /**
   * Always syncs from the stored position. The position that the SDK passes has advanced even if a
   * handler failed.
   */
  protected override async doSync(): Promise<unknown> {
    const position = await this.#storage.getSyncToken();
    this.#isInitialSync = !position;
    const query = {
      timeout: LONG_POLL_MS,
      ...(position && { since: position }),
      ...(this.#filterId !== null && { filter: this.#filterId }),
    };
    const timeoutMs = position ? SYNC_TIMEOUT_MS : FIRST_SYNC_TIMEOUT_MS;
    try {
      return await this.doRequest("GET", "/_matrix/client/v3/sync", query, null, timeoutMs);
    } catch (error) {
      if (error instanceof MatrixError && error.errcode === "M_UNKNOWN_TOKEN")
        this.#listener?.onSessionEnded();
      throw error;
    }
  }

  protected override async processSync(raw: unknown): Promise<SyncResponse> {
    const response: SyncResponse = readSyncResponse(raw);
    const userId = await this.getUserId();
    for (const [roomId, { timeline }] of Object.entries(response.rooms?.join ?? {}))
      if (timeline?.limited === true || this.#isInitialSync) {
        this.encryption.forgetPlain(roomId);
        this.#listener?.onGap(roomId);
      }
    if (!this.#isInitialSync)
      await this.#gaps.fill(response, { since: (await this.#storage.getSyncToken()) ?? "", userId });
    withoutHistory(response, { userId, isInitialSync: this.#isInitialSync });
    try {
      this.#refusals = 0;
      await super.processSync(response, (name, ...payload) => this.#emit(name, payload));
    } catch (error) {
      if (error instanceof KeysLostError) this.#listener?.onKeysLost();
      throw error;
    }
    this.encryption.synced();
    this.#listener?.onSynced();
    return response;
  }

  async #emit(name: string, payload: unknown[]): Promise<void> {
    const [roomId, event] = payload;
    if (typeof roomId !== "string") return;
    if (name === "room.leave") this.encryption.forgetPlain(roomId);
    if (name === "room.join") await this.#updateCrypto(() => this.crypto.onRoomJoin(roomId));
    if (name === "room.event") {
      const content = encryptionContent(event);
      if (content !== undefined) await this.encryption.seen(roomId, content);
      await this.#updateCrypto(() => this.crypto.onRoomEvent(roomId, event));
    }
    if (name === "room.decrypted_event") this.#lastDecrypted = event;
    if (name === "room.message")
      await this.#listener?.onMessage(roomId, event, { wasEncrypted: event === this.#lastDecrypted });
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

// matrix-bot-sdk declares filter IDs as numbers. Servers send strings.
const filterAnswerSchema = z.looseObject({
  filter_id: z.custom<number>((id) => typeof id === "string" || typeof id === "number"),
});

function filterIdOf(answer: unknown): number {
  return filterAnswerSchema.parse(answer).filter_id;
}

/** Whether the server does not know the sync position. */
function isRefusedPosition(error: unknown): boolean {
  return error instanceof MatrixError && error.statusCode === 400;
}

/**
 * Whether the server has other keys under the same IDs. Synapse has no error code for that, only a
 * text (overrides/README.md, "Crash safety").
 */
function isKeyConflict(error: unknown): boolean {
  return error instanceof MatrixError && error.statusCode === 400 && /already exists/iu.test(error.error);
}

const encryptionEventSchema = z.looseObject({
  type: z.literal("m.room.encryption"),
  state_key: z.literal(""),
  content: z.unknown(),
});

/** The content of the event that makes a room encrypted; undefined for another event. */
function encryptionContent(event: unknown): unknown {
  const parsed = encryptionEventSchema.safeParse(event);
  return parsed.success ? (parsed.data.content ?? {}) : undefined;
}

import type { CryptoMachine } from "@matrix-org/matrix-sdk-crypto-nodejs";
import type { ICryptoRoomInformation, ICryptoStorageProvider, MatrixClient } from "matrix-bot-sdk";
import { CryptoClient } from "matrix-bot-sdk";
import type { Logger } from "pino";
import { KeyedQueue } from "../../model/keyed-queue.ts";
import { encryptFile } from "../encrypt-file.ts";
import type { RoomConfiguration, RoomEncryption } from "../rooms/room-encryption.ts";
import { isFromServer } from "../server-refusal.ts";

/** The number of tries for a sync that the crypto library cannot process. */
const MAX_SYNC_TRIES = 5;

/**
 * The keys that this device published are not the ones in the crypto store: the store was lost, or
 * an old copy of it was put back (overrides/README.md, "Crash safety").
 */
export class KeysLostError extends Error {
  override readonly name = "KeysLostError";
}

/** The crypto storage that matrix-bot-sdk expects, with the folder of the crypto store. */
export interface CryptoStorage extends ICryptoStorageProvider {
  readonly storagePath: string;
  /** The SDK asks for a kind of store; ours has one (overrides/README.md, "Install"). */
  readonly storageType: number;
}

/** The crypto storage of a device. Room configurations come from `RoomEncryption`. */
export function cryptoStorage({
  deviceId,
  folder,
  encryption,
}: {
  deviceId: string;
  folder: string;
  encryption: RoomEncryption;
}): CryptoStorage {
  return {
    storagePath: folder,
    storageType: 0,
    getDeviceId: () => Promise.resolve(deviceId),
    setDeviceId: () => Promise.resolve(),
    getRoom: async (roomId) => roomInformation(await encryption.configuration(roomId)),
    storeRoom: (roomId, content) => encryption.seen(roomId, content),
  };
}

/**
 * matrix-bot-sdk's encryption with `RoomEncryption`. The SDK's own code takes every failed request
 * for "not encrypted", and asks for each room at every start.
 */
export class BotCrypto extends CryptoClient {
  readonly #encryption: Pick<RoomEncryption, "mayBeEncrypted">;
  readonly #log: Logger;
  readonly #calls = new KeyedQueue();
  #machine: CryptoMachine | null = null;
  #failedSyncs = 0;

  constructor(
    client: MatrixClient,
    { encryption, log }: { encryption: Pick<RoomEncryption, "mayBeEncrypted">; log: Logger },
  ) {
    super(client);
    this.#encryption = encryption;
    this.#log = log;
  }

  /** Opens the crypto store. @param opened resolves to its machine meanwhile */
  async open(opened: Promise<CryptoMachine>): Promise<CryptoMachine> {
    await super.prepare([]);
    this.#machine = await opened;
    return this.#machine;
  }

  /** Whether the crypto store saves what it is given. */
  get isSaving(): boolean {
    return this.#machine?.isSaving ?? true;
  }

  override encryptMedia(bytes: Buffer): ReturnType<CryptoClient["encryptMedia"]> {
    return encryptFile(bytes);
  }

  override isRoomEncrypted(roomId: string): Promise<boolean> {
    return this.#encryption.mayBeEncrypted(roomId);
  }

  override encryptRoomEvent(
    ...message: Parameters<CryptoClient["encryptRoomEvent"]>
  ): ReturnType<CryptoClient["encryptRoomEvent"]> {
    return this.#afterOthers(() => super.encryptRoomEvent(...message));
  }

  /**
   * Requests that the library wants to send are sent in the same call. One that fails is sent again
   * after the next sync, so it does not repeat this one.
   */
  override async updateSyncData(...data: Parameters<CryptoClient["updateSyncData"]>): Promise<void> {
    try {
      await this.#afterOthers(() => super.updateSyncData(...data));
      this.#failedSyncs = 0;
    } catch (error) {
      if (error instanceof KeysLostError) throw error;
      if (isFromServer(error)) {
        this.#log.warn({ err: error }, "the bot's keys could not be exchanged yet");
      } else if (!this.isSaving || ++this.#failedSyncs < MAX_SYNC_TRIES) throw error;
      else {
        this.#failedSyncs = 0;
        this.#log.error({ err: error }, "the keys of a sync could not be read and are left out");
      }
    }
  }

  /**
   * The calls that send the library's requests run one after another. The SDK sends some outside of
   * its lock. A key query that overlaps another replaces it, so the answer to the other is ignored,
   * and a device that only that answer names gets no key of the message.
   */
  #afterOthers<Result>(call: () => Promise<Result>): Promise<Result> {
    return this.#calls.run("requests", call);
  }
}

/** An object without settings means "not encrypted". */
function roomInformation(configuration: RoomConfiguration | null): ICryptoRoomInformation {
  if (configuration === null) return {};
  const {
    algorithm,
    rotation_period_ms: ms,
    rotation_period_msgs: messages,
    historyVisibility,
  } = configuration;
  return {
    algorithm,
    ...(ms !== undefined && { rotation_period_ms: ms }),
    ...(messages !== undefined && { rotation_period_msgs: messages }),
    ...(historyVisibility !== undefined && { historyVisibility }),
  };
}

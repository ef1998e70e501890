import { access, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { CryptoMachine } from "@matrix-org/matrix-sdk-crypto-nodejs";
import { configureStore } from "@matrix-org/matrix-sdk-crypto-nodejs";
import type { Logger } from "pino";
import { z } from "zod";
import type { BotAccount } from "../config/configuration.ts";
import { StartProblem } from "../operations/start-problem.ts";
import type { BotState } from "../store/bot-state.ts";
import { asStorageError, StorageError } from "../store/storage-error.ts";
import { isSigned, sendRequest, signDevice } from "./cross-signing.ts";
import type { RoomEncryption } from "./rooms/room-encryption.ts";
import type { BotClient } from "./sync/bot-client.ts";
import { KeysLostError } from "./sync/bot-crypto.ts";

const OPENED_DEVICE_KEY = "crypto.openedDevice";
const LOST_DEVICE_KEY = "crypto.lostDevice";

/** Each device has its own keys and so its own folder. */
export function cryptoFolder(dataDir: string, deviceId: string): string {
  return join(dataDir, "crypto", deviceId);
}

/**
 * Whether the keys of this device are lost: the store is missing, or an old copy of it was put back
 * and the server has other keys. The server would refuse new keys for the same device
 * (overrides/README.md, "Crash safety").
 */
export async function isCryptoStoreLost(
  state: BotState,
  dataDir: string,
  deviceId: string,
): Promise<boolean> {
  if ((await state.get(LOST_DEVICE_KEY)) === deviceId) return true;
  if ((await state.get(OPENED_DEVICE_KEY)) !== deviceId) return false;
  return access(cryptoFolder(dataDir, deviceId)).then(
    () => false,
    () => true,
  );
}

/** Records that the next start must replace this device by a new one. */
export async function markKeysAsLost(state: BotState, deviceId: string): Promise<void> {
  await state.set(LOST_DEVICE_KEY, deviceId);
}

/**
 * Imports the file in which earlier versions stored the encryption of rooms. matrix-bot-sdk wrote
 * it in place, so it can be cut off. The server is then asked for each room again.
 */
export async function adoptRoomFile(
  folder: string,
  { encryption, log }: { encryption: RoomEncryption; log: Logger },
): Promise<void> {
  const path = join(folder, "bot-sdk.json");
  const text = await readFile(path, "utf8").catch(() => null);
  if (text === null) return;
  const rooms = readRooms(text);
  if (rooms === null)
    log.warn({ path }, "the encryption of rooms could not be read; each room is asked for again");
  for (const [hash, content] of Object.entries(rooms ?? {})) await encryption.adopt(hash, content);
  await rm(path, { force: true });
}

const roomFileSchema = z.looseObject({ rooms: z.record(z.string(), z.unknown()).default({}) });

/** The rooms in the file, by hash; null if the file is cut off. */
function readRooms(text: string): Record<string, unknown> | null {
  try {
    return roomFileSchema.parse(JSON.parse(text)).rooms;
  } catch {
    return null;
  }
}

export interface EncryptionOptions {
  client: BotClient;
  deviceId: string;
  account: BotAccount;
  state: BotState;
  /** 32 bytes. Encrypts everything in the encryption store. */
  storeKey: Buffer;
  log: Logger;
}

/**
 * Opens the encryption store and signs the bot's device with its cross-signing keys. Some clients
 * do not talk to unsigned devices (MSC4153).
 */
export async function startEncryption(options: EncryptionOptions): Promise<CryptoMachine> {
  const { client, state, deviceId } = options;
  const machine = await openMachine(options).catch((error: unknown) => asStartProblem(error, options));
  await state.set(OPENED_DEVICE_KEY, deviceId);
  if (!(await isSigned(state, deviceId))) await signDevice(machine, { ...options, client });
  return machine;
}

async function openMachine({ client, storeKey, log }: EncryptionOptions): Promise<CryptoMachine> {
  const cryptoLog = log.child({ module: "crypto" });
  const opened = Promise.withResolvers<CryptoMachine>();
  configureStore({
    key: storeKey,
    onOpen: opened.resolve,
    sendRequest: (request) => sendRequest(client, request),
    log: {
      debug: (message) => cryptoLog.trace(message),
      info: (message) => cryptoLog.debug(message),
      warn: (message) => cryptoLog.warn(message),
      error: (message) => cryptoLog.error(message),
    },
  });
  return client.crypto.open(opened.promise);
}

async function asStartProblem(error: unknown, { state, deviceId }: EncryptionOptions): Promise<never> {
  const problem = asStorageError(error);
  if (problem instanceof StorageError) throw new StartProblem(problem.message, { cause: error });
  if (!(error instanceof KeysLostError)) throw error;
  await markKeysAsLost(state, deviceId);
  // The crypto library opens one folder in a process, so only the next start can open another one.
  throw new StartProblem(
    "The bot's homeserver has newer encryption keys of the bot's device than this data directory (was a backup put back?). Start the bot again: it then creates a new device.",
    { cause: error },
  );
}

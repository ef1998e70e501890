import { access, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { CrossSigningKeys, CryptoMachine, ServerRequest } from "@matrix-org/matrix-sdk-crypto-nodejs";
import { configureStore } from "@matrix-org/matrix-sdk-crypto-nodejs";
import { MatrixError } from "matrix-bot-sdk";
import type { Logger } from "pino";
import { z } from "zod";
import type { BotAccount } from "../config/configuration.ts";
import { StartProblem } from "../operations/start-problem.ts";
import type { BotState } from "../store/bot-state.ts";
import { asStorageError, StorageError } from "../store/storage-error.ts";
import type { RoomEncryption } from "./rooms/room-encryption.ts";
import type { BotClient } from "./sync/bot-client.ts";
import { KeysLostError } from "./sync/bot-crypto.ts";

const OPENED_DEVICE_KEY = "crypto.openedDevice";
const LOST_DEVICE_KEY = "crypto.lostDevice";
const SIGNED_DEVICE_KEY = "crypto.signedDevice";
const CROSS_SIGNING_SECRET = "bot cross-signing keys";

const crossSigningKeysSchema = z.object({
  masterKey: z.string().optional(),
  selfSigningKey: z.string().optional(),
  userSigningKey: z.string().optional(),
});
/**
 * The server answers 200 also if it takes none of the signatures (CS API
 * §POST /keys/signatures/upload).
 */
const signaturesSchema = z.looseObject({ failures: z.record(z.string(), z.unknown()).default({}) });
const interactiveAuthSchema = z.looseObject({
  statusCode: z.literal(401),
  body: z.looseObject({ session: z.string() }),
});

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
  if ((await state.get(SIGNED_DEVICE_KEY)) !== deviceId) await crossSign(machine, client, options);
  return machine;
}

async function openMachine({ client, storeKey, log }: EncryptionOptions): Promise<CryptoMachine> {
  const cryptoLog = log.child({ module: "crypto" });
  const opened = Promise.withResolvers<CryptoMachine>();
  configureStore({
    key: storeKey,
    onOpen: opened.resolve,
    sendRequest: (request) => send(client, request),
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

async function crossSign(
  machine: CryptoMachine,
  client: BotClient,
  { state, account, deviceId, log }: EncryptionOptions,
): Promise<void> {
  const stored = await state.getSecret(CROSS_SIGNING_SECRET);
  const isMissing = stored !== null && !(await machine.crossSigningStatus()).hasMaster;
  // Nothing is imported if the server has no such keys any more. New ones are then uploaded.
  const isRestored =
    isMissing &&
    (await machine.importCrossSigningKeys(definedOnly(crossSigningKeysSchema.parse(JSON.parse(stored)))))
      .hasMaster;
  const { uploadKeys, uploadSigningKeys, uploadSignatures } = await machine.bootstrapCrossSigning(false);
  try {
    if (uploadKeys?.id !== undefined && uploadKeys.type !== undefined) {
      await machine.markRequestAsSent(
        uploadKeys.id,
        uploadKeys.type,
        JSON.stringify(await send(client, uploadKeys)),
      );
    }
    // Keys restored from our store are on the server already. Uploading them again would remove
    // their signatures (seen).
    if (!isRestored) await uploadWithPassword(client, uploadSigningKeys, account);
    const { failures } = signaturesSchema.parse(await send(client, uploadSignatures));
    if (Object.keys(failures).length > 0) {
      log.warn(
        { failures },
        "the server refused the signature of the bot's device; the next start tries again",
      );
      return;
    }
  } catch (error) {
    if (!(error instanceof MatrixError) && !interactiveAuthSchema.safeParse(error).success) throw error;
    log.warn(
      { errcode: error instanceof MatrixError ? error.errcode : "needs authentication" },
      "the bot's device could not be signed; apps that hide unsigned devices will not talk to it. Start it once with its password in the configuration",
    );
    return;
  }
  const exported = await machine.exportCrossSigningKeys();
  if (exported) await state.setSecret(CROSS_SIGNING_SECRET, JSON.stringify(exported));
  await state.set(SIGNED_DEVICE_KEY, deviceId);
  log.info({ deviceId }, "the bot's device is signed");
}

/**
 * Servers ask for the password when keys are replaced (CS API §User-Interactive Authentication
 * API), and usually not for the first keys.
 */
async function uploadWithPassword(
  client: BotClient,
  request: ServerRequest,
  { userId, password }: BotAccount,
): Promise<void> {
  try {
    await send(client, request);
  } catch (error) {
    const asked = interactiveAuthSchema.safeParse(error);
    if (!asked.success || password === null) throw error;
    const auth = {
      type: "m.login.password",
      identifier: { type: "m.id.user", user: userId },
      password,
      session: asked.data.body.session,
    };
    await send(client, { ...request, body: { ...request.body, auth } });
  }
}

function send(client: BotClient, { method, path, query, body }: ServerRequest): Promise<unknown> {
  return client.doRequest(method, path, query ?? null, body);
}

function definedOnly({
  masterKey,
  selfSigningKey,
  userSigningKey,
}: z.infer<typeof crossSigningKeysSchema>): CrossSigningKeys {
  return {
    ...(masterKey !== undefined && { masterKey }),
    ...(selfSigningKey !== undefined && { selfSigningKey }),
    ...(userSigningKey !== undefined && { userSigningKey }),
  };
}

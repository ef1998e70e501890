import type { CrossSigningKeys, CryptoMachine, ServerRequest } from "@matrix-org/matrix-sdk-crypto-nodejs";
import { MatrixError } from "matrix-bot-sdk";
import type { Logger } from "pino";
import { z } from "zod";
import type { BotAccount } from "../config/configuration.ts";
import type { BotState } from "../store/bot-state.ts";
import type { SendingClient } from "./message-sender.ts";

const SIGNED_DEVICE_KEY = "crypto.signedDevice";
const CROSS_SIGNING_SECRET = "bot cross-signing keys";
/** The length of a server's answer in the log. */
const MAX_LOGGED_LENGTH = 500;

const keysSchema = z.object({
  masterKey: z.string().optional(),
  selfSigningKey: z.string().optional(),
  userSigningKey: z.string().optional(),
});
/**
 * The answer of a server that has taken the signatures. It is 200 also if the server takes none
 * (CS API §POST /keys/signatures/upload).
 */
const takenSchema = z.looseObject({ failures: z.strictObject({}).nullish() });
const interactiveAuthSchema = z.looseObject({
  statusCode: z.literal(401),
  body: z.looseObject({ session: z.string() }),
});
/** The words of the crypto library for keys that are not those of the account. */
const OTHER_KEYS = "doesn't match the public key";

/** The part of the SDK's client that makes requests. */
export type RequestingClient = Pick<SendingClient, "doRequest">;

export interface SigningOptions {
  client: RequestingClient;
  deviceId: string;
  account: BotAccount;
  state: BotState;
  log: Logger;
}

export function sendRequest(
  client: RequestingClient,
  { method, path, query, body }: ServerRequest,
): Promise<unknown> {
  return client.doRequest(method, path, query ?? null, body);
}

/** Whether the server has taken the signature of this device. */
export async function isSigned(state: BotState, deviceId: string): Promise<boolean> {
  return (await state.get(SIGNED_DEVICE_KEY)) === deviceId;
}

/**
 * Signs the bot's device with its cross-signing keys, which are made if there are none. If the
 * server refuses, the log says so, and the next start tries again.
 */
export async function signDevice(
  machine: CryptoMachine,
  { client, state, account, deviceId, log }: SigningOptions,
): Promise<void> {
  const isRestored = await restoreKeys(machine, { state, log });
  const { uploadKeys, uploadSigningKeys, uploadSignatures } = await machine.bootstrapCrossSigning(false);
  try {
    if (uploadKeys?.id !== undefined && uploadKeys.type !== undefined) {
      await machine.markRequestAsSent(
        uploadKeys.id,
        uploadKeys.type,
        JSON.stringify(await sendRequest(client, uploadKeys)),
      );
    }
    // Keys restored from our store are on the server already. Uploading them again would remove
    // their signatures (seen).
    if (!isRestored) await uploadWithPassword(client, uploadSigningKeys, account);
    const exported = await machine.exportCrossSigningKeys();
    if (exported) await state.setSecret(CROSS_SIGNING_SECRET, JSON.stringify(exported));
    const answer = await sendRequest(client, uploadSignatures);
    if (!takenSchema.safeParse(answer).success) {
      log.warn(
        { answer: JSON.stringify(answer).slice(0, MAX_LOGGED_LENGTH) },
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
  await state.set(SIGNED_DEVICE_KEY, deviceId);
  log.info({ deviceId }, "the bot's device is signed");
}

/**
 * Gives the crypto store the keys that an earlier device had.
 * @returns whether it got keys. It gets none if it has some, and if the account has others by now
 */
async function restoreKeys(
  machine: CryptoMachine,
  { state, log }: Pick<SigningOptions, "state" | "log">,
): Promise<boolean> {
  const stored = await state.getSecret(CROSS_SIGNING_SECRET);
  if (stored === null || (await machine.crossSigningStatus()).hasMaster) return false;
  const keys = definedOnly(keysSchema.parse(JSON.parse(stored)));
  try {
    // Nothing is imported if the server has no such keys any more.
    return (await machine.importCrossSigningKeys(keys)).hasMaster;
  } catch (error) {
    if (!(error instanceof Error) || !error.message.includes(OTHER_KEYS)) throw error;
    log.warn("the bot's account has other cross-signing keys than before; they are replaced");
    return false;
  }
}

/**
 * Servers ask for the password when keys are replaced (CS API §User-Interactive Authentication
 * API), and usually not for the first keys.
 */
async function uploadWithPassword(
  client: RequestingClient,
  request: ServerRequest,
  { userId, password }: BotAccount,
): Promise<void> {
  try {
    await sendRequest(client, request);
  } catch (error) {
    const asked = interactiveAuthSchema.safeParse(error);
    if (!asked.success || password === null) throw error;
    const auth = {
      type: "m.login.password",
      identifier: { type: "m.id.user", user: userId },
      password,
      session: asked.data.body.session,
    };
    await sendRequest(client, { ...request, body: { ...request.body, auth } });
  }
}

function definedOnly({
  masterKey,
  selfSigningKey,
  userSigningKey,
}: z.infer<typeof keysSchema>): CrossSigningKeys {
  return {
    ...(masterKey !== undefined && { masterKey }),
    ...(selfSigningKey !== undefined && { selfSigningKey }),
    ...(userSigningKey !== undefined && { userSigningKey }),
  };
}

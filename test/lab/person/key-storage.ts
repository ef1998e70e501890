import { OlmMachine } from "@matrix-org/matrix-sdk-crypto-wasm";
import type { MatrixClient } from "matrix-js-sdk";
import { ClientPrefix, Method } from "matrix-js-sdk";
import type { CryptoApi, CryptoCallbacks } from "matrix-js-sdk/lib/crypto-api/index.js";
import { CryptoEvent, decodeRecoveryKey } from "matrix-js-sdk/lib/crypto-api/index.js";
import { RustBackupManager } from "matrix-js-sdk/lib/rust-crypto/backup.js";
import type { SecretStorageKey } from "matrix-js-sdk/lib/secret-storage.js";
import { z } from "zod";
import { until } from "./until.ts";

/** As many as Element uses for its key files. */
const KEY_FILE_ROUNDS = 500_000;

const backupSchema = z.object({ version: z.string() });
const backedUpSchema = z.object({
  rooms: z.record(
    z.string(),
    z.object({ sessions: z.record(z.string(), z.object({ first_message_index: z.number() })) }),
  ),
});

/** Session IDs in the account's backup, with the first message index that each opens. */
export type BackedUpSessions = ReadonlyMap<string, number>;

/**
 * Remembers the key of the secret storage for as long as the process runs, as Element does while it
 * sets up key storage.
 *
 * @param recoveryKey the one that the person types
 */
export function rememberedStorageKeys(recoveryKey: string | undefined): CryptoCallbacks {
  const keys = new Map<string, Uint8Array<ArrayBuffer>>();
  const typed = recoveryKey === undefined ? undefined : decodeRecoveryKey(recoveryKey);
  return {
    cacheSecretStorageKey: (keyId, _info, key) => void keys.set(keyId, key),
    getSecretStorageKey: ({ keys: wanted }) => {
      for (const keyId of Object.keys(wanted)) {
        const key = keys.get(keyId) ?? typed;
        if (key !== undefined) return Promise.resolve([keyId, key]);
      }
      return Promise.resolve(null);
    },
  };
}

/**
 * Uploads keys to the backup at once. By itself the library waits up to ten seconds, so that the
 * clients of a busy room do not upload at the same moment.
 */
export function uploadKeysAtOnce(): void {
  Object.defineProperty(RustBackupManager, "maxBackupLoopStartDelayMillis", { value: 0 });
}

/**
 * Makes a secret storage and a key backup, as Element does when a person turns on key storage.
 *
 * @param phrase the security phrase, if the person chooses one
 * @returns the recovery key
 */
export async function setUpKeyStorage(client: MatrixClient, phrase: string | undefined): Promise<string> {
  const crypto = cryptoOf(client);
  const key = await crypto.createRecoveryKeyFromPassphrase(phrase);
  await crypto.bootstrapSecretStorage({
    createSecretStorageKey: () => Promise.resolve(key),
    setupNewSecretStorage: true,
    setupNewKeyBackup: true,
  });
  if (key.encodedPrivateKey === undefined) throw new Error("The recovery key has no text");
  return key.encodedPrivateKey;
}

/**
 * Opens the account's secret storage and backup, as Element does when a person types the recovery
 * key in a new session. The session is then a verified one.
 */
export async function openKeyStorage(client: MatrixClient): Promise<void> {
  const crypto = cryptoOf(client);
  // The private keys are taken only if the public ones are known.
  await crypto.userHasCrossSigningKeys(client.getSafeUserId(), true);
  await crypto.bootstrapCrossSigning({});
  await crypto.loadSessionBackupPrivateKeyFromSecretStorage();
  await crypto.checkKeyBackupAndEnable();
}

/** Waits until the backup has every session of this client. @returns their number */
export function keysUploaded(client: MatrixClient): Promise<number> {
  return until(
    "the upload of the keys to the backup",
    (recheck) => {
      client.on(CryptoEvent.KeyBackupSessionsRemaining, recheck);
      return () => client.off(CryptoEvent.KeyBackupSessionsRemaining, recheck);
    },
    async () => {
      const known = await cryptoOf(client).exportRoomKeys();
      const backedUp = await backedUpSessions(client);
      return known.every(({ session_id: id }) => backedUp.has(id)) ? known.length : undefined;
    },
  );
}

/** The sessions in the account's backup; none without a backup. */
export async function backedUpSessions(client: MatrixClient): Promise<BackedUpSessions> {
  const info = await cryptoOf(client).getKeyBackupInfo();
  if (info === null) return new Map();
  const answer = await client.http.authedRequest(
    Method.Get,
    "/room_keys/keys",
    { version: info.version },
    undefined,
    { prefix: ClientPrefix.V3, priority: "high" },
  );
  const rooms = Object.values(backedUpSchema.parse(answer).rooms);
  return new Map(
    rooms.flatMap(({ sessions }) =>
      Object.entries(sessions).map(([id, { first_message_index: index }]) => [id, index] as const),
    ),
  );
}

/** A secret of the account's secret storage. */
export async function secretOf(client: MatrixClient, name: string): Promise<string> {
  const secret = await client.secretStorage.get(z.custom<SecretStorageKey>().parse(name));
  if (secret === undefined) throw new Error(`The secret storage does not have ${name}`);
  return secret;
}

/** Resets the backup as Element does: all versions are deleted. @returns the new version */
export async function resetKeyBackup(client: MatrixClient): Promise<string> {
  const crypto = cryptoOf(client);
  await crypto.resetKeyBackup();
  return backupSchema.parse(await crypto.getKeyBackupInfo()).version;
}

/** The text of a key file with every session of this client. */
export async function exportKeyFile(client: MatrixClient, passphrase: string): Promise<string> {
  const json = await cryptoOf(client).exportRoomKeysAsJson();
  return OlmMachine.encryptExportedRoomKeys(json, passphrase, KEY_FILE_ROUNDS);
}

/** @throws if the passphrase or the file is wrong */
export function importKeyFile(client: MatrixClient, file: string, passphrase: string): Promise<void> {
  return cryptoOf(client).importRoomKeysAsJson(OlmMachine.decryptExportedRoomKeys(file, passphrase));
}

export function cryptoOf(client: MatrixClient): CryptoApi {
  const crypto = client.getCrypto();
  if (crypto === undefined) throw new Error("The person's client has no encryption");
  return crypto;
}

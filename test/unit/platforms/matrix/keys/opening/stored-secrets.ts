import { createPrivateKey, createPublicKey, pbkdf2Sync } from "node:crypto";
import { calculateKeyCheck } from "matrix-js-sdk/lib/secret-storage.js";
import encryptSecret from "matrix-js-sdk/lib/utils/encryptAESSecretStorageItem.js";
import { unpaddedBase64 } from "../../../../../../src/model/base64.ts";
import type { Given } from "../../reading/recorded-server.ts";
import { accountData } from "../scripted-account.ts";

export const BACKUP_ALGORITHM = "m.megolm_backup.v1.curve25519-aes-sha2";
const STORAGE_ALGORITHM = "m.secret_storage.v1.aes-hmac-sha2";
const SECRET = "m.megolm_backup.v1";

/** A private key of 32 equal bytes. */
export function keyOf(byte: number): Uint8Array {
  return new Uint8Array(32).fill(byte);
}

/** Curve25519, base64 without padding. */
export function publicKeyOf(key: Uint8Array): string {
  const der = Buffer.concat([Buffer.from("302e020100300506032b656e04220420", "hex"), key]);
  const publicKey = createPublicKey(createPrivateKey({ key: der, format: "der", type: "pkcs8" }));
  // The last 32 bytes of its DER form (RFC 8410).
  return unpaddedBase64(publicKey.export({ format: "der", type: "spki" }).subarray(-32));
}

/** The answer that describes the backup with this private key. */
export function backupVersion(
  key: Uint8Array,
  authData: Record<string, unknown> = {},
): Record<string, Given> {
  const auth_data = { public_key: publicKeyOf(key), signatures: {}, ...authData };
  return {
    "room_keys/version": { json: { version: "1", algorithm: BACKUP_ALGORITHM, auth_data, count: 3 } },
  };
}

/** `{}`: the secret storage is switched off. */
export function defaultKey(keyId: string | null): Record<string, Given> {
  return accountData("m.secret_storage.default_key", keyId === null ? {} : { key: keyId });
}

/** The description of a key of the secret storage, with a check of the key. */
export async function description(
  keyId: string,
  key: Uint8Array,
  changes: Record<string, unknown> = {},
): Promise<Record<string, Given>> {
  const { iv, mac } = await calculateKeyCheck(copied(key));
  return accountData(`m.secret_storage.key.${keyId}`, { algorithm: STORAGE_ALGORITHM, iv, mac, ...changes });
}

/** The backup's key, as its text is stored with keys of the secret storage. */
export async function storedBackupKey(
  keys: Readonly<Record<string, Uint8Array>>,
  text: string,
): Promise<Record<string, Given>> {
  const encrypted: Record<string, unknown> = {};
  for (const [keyId, key] of Object.entries(keys))
    encrypted[keyId] = await encryptSecret(text, copied(key), SECRET);
  return accountData(SECRET, { encrypted });
}

/** A phrase's parameters, and the key that they give. */
export function phraseKey(phrase: string, { salt = "salt", iterations = 1_000, bits = 256 } = {}) {
  return {
    key: new Uint8Array(pbkdf2Sync(phrase, salt, iterations, bits / 8, "sha512")),
    passphrase: { algorithm: "m.pbkdf2", salt, iterations, ...(bits === 256 ? {} : { bits }) },
  };
}

/** In a buffer of its own, as the types of the library want it. */
function copied(key: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(key);
}

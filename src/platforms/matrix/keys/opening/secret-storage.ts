import { createDecipheriv, createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import type { AccountDataSession } from "../../api/account-data.ts";
import { readAccountData } from "../../api/account-data.ts";
import { textOrNull } from "../../api/json.ts";

/** A secret encrypted with a key of the secret storage. All parts are base64. */
export type EncryptedSecret = z.output<typeof encryptedSecretSchema>;

/** How a key is derived from a phrase by PBKDF2. `iterations` is at least 1 and not limited. */
export type Passphrase = z.output<typeof passphraseSchema>;

/** A key of the secret storage, as the account data describes it. */
export interface KeyDescription {
  /** `null`: the key is not made from a phrase, or in a way that is not known. */
  readonly passphrase: Passphrase | null;
  /** 32 zero bytes, encrypted with the key; `null`: the key cannot be checked by itself. */
  readonly check: Omit<EncryptedSecret, "ciphertext"> | null;
}

const ALGORITHM = "m.secret_storage.v1.aes-hmac-sha2";
/** More keys than any account has. Each is tried. */
const MAX_KEYS = 20;
const DEFAULT_BITS = 256;
const MAX_BITS = 4_096;
const BLOCK_BYTES = 16;
const HASH_BYTES = 32;
const ZEROS = new Uint8Array(HASH_BYTES);

const base64 = z.string().min(1);
const encryptedSecretSchema = z.object({ iv: base64, ciphertext: base64, mac: base64 });

/** The parameters of a phrase (CS §Deriving keys from passphrases). */
export const passphraseSchema = z.object({
  salt: z.string(),
  iterations: z.number().min(1).refine(Number.isInteger),
  bits: z.number().int().min(8).max(MAX_BITS).multipleOf(8).default(DEFAULT_BITS),
});

const descriptionSchema = z.object({
  algorithm: z.literal(ALGORITHM),
  passphrase: passphraseSchema
    .extend({ algorithm: z.literal("m.pbkdf2") })
    .nullable()
    .catch(null),
  iv: base64.optional().catch(undefined),
  mac: base64.optional().catch(undefined),
});

/**
 * The ID of the key that clients use by default; `null`: the account has no secret storage. Clients
 * empty the content to switch it off.
 * @throws HomeserverError, UnreachableError
 */
export async function readDefaultKeyId(session: AccountDataSession): Promise<string | null> {
  const place = { roomId: null, type: "m.secret_storage.default_key" };
  return textOrNull((await readAccountData(session, place))?.["key"]);
}

/**
 * A secret by the IDs of the keys with which it is stored. Empty for none.
 * @throws HomeserverError, UnreachableError
 */
export async function readSecret(
  session: AccountDataSession,
  name: string,
): Promise<ReadonlyMap<string, EncryptedSecret>> {
  const content = await readAccountData(session, { roomId: null, type: name });
  const parsed = z.record(z.string(), z.unknown()).safeParse(content?.["encrypted"]);
  const secrets = new Map<string, EncryptedSecret>();
  for (const [keyId, entry] of Object.entries(parsed.success ? parsed.data : {})) {
    const secret = encryptedSecretSchema.safeParse(entry);
    if (secret.success && secrets.size < MAX_KEYS) secrets.set(keyId, secret.data);
  }
  return secrets;
}

/**
 * @returns `null` for a missing description, or for a key of another algorithm
 * @throws HomeserverError, UnreachableError
 */
export async function readKeyDescription(
  session: AccountDataSession,
  keyId: string,
): Promise<KeyDescription | null> {
  const type = `m.secret_storage.key.${keyId}`;
  const parsed = descriptionSchema.safeParse(await readAccountData(session, { roomId: null, type }));
  if (!parsed.success) return null;
  const { passphrase, iv, mac } = parsed.data;
  return { passphrase, check: iv === undefined || mac === undefined ? null : { iv, mac } };
}

/**
 * Decrypts a secret (CS §m.secret_storage.v1.aes-hmac-sha2).
 * @returns `null` if the key is not the one with which it was stored
 */
export function decryptSecret(key: Uint8Array, name: string, secret: EncryptedSecret): string | null {
  const { aesKey, macKey } = keysOf(key, name);
  const iv = Buffer.from(secret.iv, "base64");
  const ciphertext = Buffer.from(secret.ciphertext, "base64");
  if (iv.length !== BLOCK_BYTES || !isMac(secret.mac, macKey, ciphertext)) return null;
  return encryptOrDecrypt(aesKey, iv, ciphertext).toString();
}

/** Whether a key is the described one. False also if the description cannot tell. */
export function isDescribedKey(key: Uint8Array, { check }: KeyDescription): boolean {
  if (check === null) return false;
  const { aesKey, macKey } = keysOf(key, "");
  const iv = Buffer.from(check.iv, "base64");
  return iv.length === BLOCK_BYTES && isMac(check.mac, macKey, encryptOrDecrypt(aesKey, iv, ZEROS));
}

function keysOf(key: Uint8Array, name: string): { aesKey: Buffer; macKey: Buffer } {
  const derived = Buffer.from(hkdfSync("sha256", key, ZEROS, name, 2 * HASH_BYTES));
  return { aesKey: derived.subarray(0, HASH_BYTES), macKey: derived.subarray(HASH_BYTES) };
}

function isMac(text: string, macKey: Uint8Array, data: Uint8Array): boolean {
  const mac = Buffer.from(text, "base64");
  return (
    mac.length === HASH_BYTES && timingSafeEqual(mac, createHmac("sha256", macKey).update(data).digest())
  );
}

/** In counter mode both are the same. */
function encryptOrDecrypt(aesKey: Uint8Array, iv: Uint8Array, data: Uint8Array): Buffer {
  return createDecipheriv("aes-256-ctr", aesKey, iv).update(data);
}

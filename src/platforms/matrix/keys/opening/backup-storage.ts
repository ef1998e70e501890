import type { AccountDataSession } from "../../api/account-data.ts";
import type { JsonObject } from "../../api/json.ts";
import type { EncryptedSecret, Passphrase } from "./secret-storage.ts";
import { passphraseSchema, readDefaultKeyId, readSecret } from "./secret-storage.ts";

/** A key of the secret storage that may open the backup. */
export interface StorageKey {
  readonly keyId: string;
  /** The backup's key, as stored with this key; `null`: not stored with it. */
  readonly secret: EncryptedSecret | null;
}

/** The name of the secret that holds the key of the backup (CS §Recovery key). */
export const BACKUP_SECRET = "m.megolm_backup.v1";

/** The keys that are tried with a phrase. Each costs a request and a derivation. */
const MAX_PHRASE_KEYS = 5;

/**
 * The keys of the secret storage with which the backup's key is stored, the default key first. A
 * default key without it comes last: it opens the secret storage, but not the backup.
 * @returns `null`: the account has no secret storage
 * @throws HomeserverError, UnreachableError
 */
export async function readBackupStorage(session: AccountDataSession): Promise<readonly StorageKey[] | null> {
  const [defaultKeyId, secrets] = await Promise.all([
    readDefaultKeyId(session),
    readSecret(session, BACKUP_SECRET),
  ]);
  if (defaultKeyId === null) return null;
  const secret = secrets.get(defaultKeyId);
  const others = [...secrets]
    .filter(([keyId]) => keyId !== defaultKeyId)
    .map(([keyId, each]) => ({ keyId, secret: each }))
    .slice(0, MAX_PHRASE_KEYS - 1);
  return secret === undefined
    ? [...others, { keyId: defaultKeyId, secret: null }]
    : [{ keyId: defaultKeyId, secret }, ...others];
}

/**
 * The parameters of a phrase in a backup's `auth_data`: clients wrote them before there was a
 * secret storage (matrix-js-sdk, common-crypto/key-passphrase.ts). `null` for none.
 */
export function backupPassphrase(authData: JsonObject): Passphrase | null {
  const { private_key_salt: salt, private_key_iterations: iterations, private_key_bits: bits } = authData;
  const parsed = passphraseSchema.safeParse({ salt, iterations, bits });
  return parsed.success ? parsed.data : null;
}

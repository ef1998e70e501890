import { unpaddedBase64 } from "../../../../model/base64.ts";
import type { BackupIdentity } from "../../../../model/key-backup.ts";
import type { OpenedBackup } from "../../../keys.ts";
import { backupPrivateKey, publicKeyOf } from "../backup-cipher.ts";

const KEY_BYTES = 32;

/** The backup that a private key opens; `null` if the public key is another one. */
export function openedBackup(
  { version, publicKey }: BackupIdentity,
  privateKey: Uint8Array,
): OpenedBackup | null {
  const key = backupKeyFor(publicKey, privateKey);
  return key === null ? null : { version, publicKey, key };
}

/** The private key as base64; `null` if it belongs to another public key. */
export function backupKeyFor(publicKey: string, privateKey: Uint8Array): string | null {
  if (privateKey.length !== KEY_BYTES) return null;
  const key = unpaddedBase64(privateKey);
  return publicKeyOf(backupPrivateKey(key)) === publicKey ? key : null;
}

/**
 * The private key in the secret of the backup: base64 with or without padding, or 32 numbers with
 * commas, as a client wrote it for a while (matrix-org/matrix-js-sdk#1311).
 * @returns `null` for another content
 */
export function backupKeyIn(secret: string): Uint8Array | null {
  const text = secret.trim();
  const isList = /^\d{1,3}(?:,\d{1,3})+$/.test(text);
  const bytes = isList ? Uint8Array.from(text.split(","), Number) : Buffer.from(text, "base64");
  return bytes.length === KEY_BYTES ? bytes : null;
}

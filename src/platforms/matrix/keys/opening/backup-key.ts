import { createPrivateKey, createPublicKey } from "node:crypto";
import type { BackupIdentity } from "../../../../model/key-backup.ts";
import type { OpenedBackup } from "../../../keys.ts";

const KEY_BYTES = 32;
/** What precedes the 32 bytes of an X25519 private key in PKCS #8 (RFC 8410, section 7). */
const PKCS8_PREFIX = Buffer.from("302e020100300506032b656e04220420", "hex");

/** The backup that a private key opens; `null` if the public key is another one. */
export function openedBackup(
  { version, publicKey }: BackupIdentity,
  privateKey: Uint8Array,
): OpenedBackup | null {
  if (privateKey.length !== KEY_BYTES || publicKeyOf(privateKey) !== publicKey) return null;
  return { version, publicKey, key: unpadded(privateKey) };
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

/** Curve25519, base64 without padding. */
function publicKeyOf(privateKey: Uint8Array): string {
  const key = Buffer.concat([PKCS8_PREFIX, privateKey]);
  const { x } = createPublicKey(createPrivateKey({ key, format: "der", type: "pkcs8" })).export({
    format: "jwk",
  });
  return unpadded(Buffer.from(x ?? "", "base64url"));
}

function unpadded(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64").replace(/=+$/, "");
}

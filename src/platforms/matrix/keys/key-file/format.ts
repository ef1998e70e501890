import { passphraseKey } from "../passphrase-key.ts";

/**
 * The format of key files (CS §Key exports): the base64 of a version byte, the salt, the IV, the
 * rounds as a big-endian number, the list of sessions encrypted by AES-256-CTR, and the
 * HMAC-SHA-256 of all that, between two marker lines.
 */
export const BEGIN = "-----BEGIN MEGOLM SESSION DATA-----";
export const END = "-----END MEGOLM SESSION DATA-----";
export const VERSION = 1;
export const SALT_AT = 1;
export const IV_AT = 17;
export const ROUNDS_AT = 33;
export const CIPHERTEXT_AT = 37;
export const MAC_BYTES = 32;

/** Work on the event loop is done in pieces of this many bytes: a few milliseconds each. */
export const PIECE_BYTES = 96 * 1024;

/** The keys for the encryption and for the MAC. Does not block the event loop. */
export async function deriveFileKeys(
  passphrase: string,
  salt: Uint8Array,
  rounds: number,
): Promise<{ aesKey: Buffer; macKey: Buffer }> {
  const bytes = await passphraseKey(passphrase, { salt, iterations: rounds, bits: 512 });
  return { aesKey: bytes.subarray(0, 32), macKey: bytes.subarray(32) };
}

import type { RecoveryKeyMistake } from "../../../keys.ts";

export type RecoveryKeyReading =
  /** A secret: 32 bytes. */
  | { readonly kind: "key"; readonly key: Uint8Array }
  | { readonly kind: "mistake"; readonly mistake: RecoveryKeyMistake };

const ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
/** Every key of 35 bytes with this prefix has 48 characters in base58. */
const KEY_LENGTH = 48;
const PREFIX = [0x8b, 0x01];
const BYTES = 35;

/**
 * Reads a recovery key as a person typed it (Appendices §Cryptographic key representation): base58
 * of a prefix, 32 bytes, and a parity byte. White space and invisible characters are ignored.
 */
export function readRecoveryKey(text: string): RecoveryKeyReading {
  const characters = Array.from(text.replace(/[\s\p{Cf}]+/gu, ""));
  const wrong = characters.find((character) => !ALPHABET.includes(character));
  if (wrong !== undefined) return mistaken({ code: "character", character: wrong });
  const { length } = characters;
  if (length !== KEY_LENGTH) return mistaken({ code: "length", length, expected: KEY_LENGTH });
  const bytes = fromBase58(characters);
  const isRight =
    bytes.length === BYTES &&
    PREFIX.every((byte, index) => bytes[index] === byte) &&
    bytes.reduce((parity, byte) => parity ^ byte, 0) === 0;
  return isRight
    ? { kind: "key", key: bytes.subarray(PREFIX.length, BYTES - 1) }
    : mistaken({ code: "checksum" });
}

function mistaken(mistake: RecoveryKeyMistake): RecoveryKeyReading {
  return { kind: "mistake", mistake };
}

function fromBase58(characters: readonly string[]): Uint8Array {
  const value = characters.reduce((sum, character) => sum * 58n + BigInt(ALPHABET.indexOf(character)), 0n);
  const digits = value.toString(16);
  return Buffer.from(digits.padStart(digits.length + (digits.length % 2), "0"), "hex");
}

import { pbkdf2 } from "node:crypto";
import { promisify } from "node:util";
import { KeyedQueue } from "../../../model/keyed-queue.ts";

export interface PassphraseKeyOptions {
  readonly salt: string | Uint8Array;
  /** At least 1. */
  readonly iterations: number;
  /** The length of the key, in bits: a multiple of 8. */
  readonly bits: number;
}

/** Twenty times what clients use. The number comes from a server or a file. It takes seconds. */
export const MAX_ITERATIONS = 10_000_000;

const derive = promisify(pbkdf2);
/** Each derivation occupies a thread of the pool, which also reads files and resolves names. */
const oneAtATime = new KeyedQueue();

/** The key of a passphrase by PBKDF2 with HMAC-SHA-512, derived off the event loop. A secret. */
export async function passphraseKey(
  passphrase: string,
  { salt, iterations, bits }: PassphraseKeyOptions,
): Promise<Buffer> {
  return oneAtATime.run("", () => derive(passphrase, salt, iterations, bits / 8, "sha512"));
}

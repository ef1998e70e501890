import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";

const FORMAT = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** A sealed value that cannot be opened: the key, the place or the bytes are different. */
export class UnsealError extends Error {
  constructor(place: string) {
    super(`A stored secret (${place}) does not open with this key. Was the secret key file replaced?`);
    this.name = "UnsealError";
  }
}

/**
 * A key for one purpose, derived from the bot's secret key (HKDF-SHA256), so that no two uses share
 * a key.
 */
export function deriveKey(secretKey: Buffer, purpose: "store" | "crypto-store"): Buffer {
  return Buffer.from(hkdfSync("sha256", secretKey, Buffer.alloc(0), `matrix-mover ${purpose} v1`, 32));
}

/**
 * Authenticated encryption (AES-256-GCM) for secrets in the database. The place of a value is
 * authenticated with it: a box that was moved to another row cannot be opened.
 */
export class SealedSecrets {
  readonly #key: Buffer;

  constructor(secretKey: Buffer) {
    this.#key = deriveKey(secretKey, "store");
  }

  /** The box: format byte, nonce, tag, ciphertext. */
  seal(place: string, text: string): Buffer {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv("aes-256-gcm", this.#key, nonce).setAAD(Buffer.from(place));
    const ciphertext = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
    return Buffer.concat([Buffer.from([FORMAT]), nonce, cipher.getAuthTag(), ciphertext]);
  }

  /** @returns `null` for a box that cannot be opened */
  tryOpen(place: string, box: Buffer): string | null {
    try {
      return this.open(place, box);
    } catch (error) {
      if (error instanceof UnsealError) return null;
      throw error;
    }
  }

  /** @throws UnsealError */
  open(place: string, box: Buffer): string {
    try {
      const tagAt = 1 + NONCE_BYTES;
      const ciphertextAt = tagAt + TAG_BYTES;
      if (box[0] !== FORMAT || box.length < ciphertextAt) throw new Error("format");
      const decipher = createDecipheriv("aes-256-gcm", this.#key, box.subarray(1, tagAt), {
        authTagLength: TAG_BYTES,
      })
        .setAAD(Buffer.from(place))
        .setAuthTag(box.subarray(tagAt, ciphertextAt));
      return Buffer.concat([decipher.update(box.subarray(ciphertextAt)), decipher.final()]).toString("utf8");
    } catch {
      throw new UnsealError(place);
    }
  }
}

import { createCipheriv, createHash, randomBytes } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import type { EncryptedFile } from "matrix-bot-sdk";
import { unpaddedBase64 } from "../model/base64.ts";

/** A few milliseconds of work. */
const PIECE_BYTES = 1024 * 1024;

/**
 * Encrypts a file for a message (CS §Sending encrypted attachments). The crypto library would block
 * the process for a second for a file of 16 MB, so Node's crypto does it in pieces.
 * @returns the encrypted file, and the `EncryptedFile` of the event without its `url`
 */
export async function encryptFile(
  bytes: Buffer,
): Promise<{ buffer: Buffer; file: Omit<EncryptedFile, "url"> }> {
  const key = randomBytes(32);
  // The lower half is the counter. It starts at 0, because some apps count in 64 bits.
  const iv = Buffer.concat([randomBytes(8), Buffer.alloc(8)]);
  const cipher = createCipheriv("aes-256-ctr", key, iv);
  const hash = createHash("sha256");
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    const piece = cipher.update(bytes.subarray(at, at + PIECE_BYTES));
    hash.update(piece);
    pieces.push(piece);
    await setImmediate();
  }
  const file: Omit<EncryptedFile, "url"> = {
    v: "v2",
    key: {
      alg: "A256CTR",
      kty: "oct",
      ext: true,
      key_ops: ["encrypt", "decrypt"],
      k: key.toString("base64url"),
    },
    iv: unpaddedBase64(iv),
    hashes: { sha256: unpaddedBase64(hash.digest()) },
  };
  return { buffer: Buffer.concat(pieces), file };
}

import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import { z } from "zod";

// Encrypts and decrypts files:
// https://spec.matrix.org/latest/client-server-api/#extensions-to-mroommessage-msgtypes
// It uses Node's own crypto and not the wasm package of the bot, so that the two check each other.

/** The parts of an `EncryptedFile` of version v2 that are needed to read the file. */
export const encryptedFileSchema = z.object({
  url: z.string(),
  key: z.object({ alg: z.literal("A256CTR"), kty: z.literal("oct"), k: z.string() }),
  iv: z.string(),
  hashes: z.object({ sha256: z.string() }),
  v: z.literal("v2"),
});
/** An `EncryptedFile` of version v2. */
export type EncryptedFile = z.infer<typeof encryptedFileSchema>;

/** Encrypts a file. The result lacks only its `url`. */
export function encryptAttachment(plain: Uint8Array): {
  encrypted: Buffer;
  file: Omit<EncryptedFile, "url">;
} {
  const key = randomBytes(32);
  // The lower 64 bits are the counter. They start at 0, so that it cannot overflow in clients that
  // count in 64 bits.
  const iv = Buffer.concat([randomBytes(8), Buffer.alloc(8)]);
  const cipher = createCipheriv("aes-256-ctr", key, iv);
  const encrypted = Buffer.concat([cipher.update(plain), cipher.final()]);
  const jsonWebKey = {
    alg: "A256CTR",
    kty: "oct",
    k: key.toString("base64url"),
    ext: true,
    key_ops: ["encrypt", "decrypt"],
  } as const;
  return {
    encrypted,
    file: { v: "v2", key: jsonWebKey, iv: unpaddedBase64(iv), hashes: { sha256: hashOf(encrypted) } },
  };
}

/** @throws when the hash does not fit: somebody changed the file */
export function decryptAttachment(encrypted: Uint8Array, file: EncryptedFile): Buffer {
  if (hashOf(encrypted) !== file.hashes.sha256.replace(/=+$/, ""))
    throw new Error("The encrypted file does not fit its hash");
  const decipher = createDecipheriv(
    "aes-256-ctr",
    Buffer.from(file.key.k, "base64url"),
    Buffer.from(file.iv, "base64"),
  );
  return Buffer.concat([decipher.update(encrypted), decipher.final()]);
}

function hashOf(bytes: Uint8Array): string {
  return unpaddedBase64(createHash("sha256").update(bytes).digest());
}

function unpaddedBase64(bytes: Buffer): string {
  return bytes.toString("base64").replace(/=+$/, "");
}

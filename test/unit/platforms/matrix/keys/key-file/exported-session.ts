import { createCipheriv, createHmac, generateKeyPairSync, pbkdf2Sync, randomBytes } from "node:crypto";
import { unpaddedBase64 } from "../../../../../../src/model/base64.ts";

/** A session as key files hold it. Its keys are of the right form. */
export function exportedSession({
  roomId = "!room:old.test",
  index = 0,
  sessionId,
  ...changes
}: {
  roomId?: string;
  index?: number;
  sessionId?: string;
  [field: string]: unknown;
} = {}) {
  const signing = signingKey();
  const start = Buffer.alloc(5, 1);
  start.writeUInt32BE(index, 1);
  return {
    algorithm: "m.megolm.v1.aes-sha2",
    sender_key: unpaddedBase64(randomBytes(32)),
    session_key: unpaddedBase64(Buffer.concat([start, randomBytes(128), signing])),
    sender_claimed_keys: { ed25519: unpaddedBase64(signingKey()) },
    forwarding_curve25519_key_chain: [],
    "m.shared_history": true,
    ...changes,
    room_id: roomId,
    session_id: sessionId ?? unpaddedBase64(signing),
  };
}

function signingKey(): Buffer {
  return generateKeyPairSync("ed25519").publicKey.export({ format: "der", type: "spki" }).subarray(-32);
}

/** A key file with any text inside, written after the specification (CS §Key exports). */
export function keyFileOf(content: string, passphrase: string, rounds = 100): string {
  const salt = randomBytes(16);
  const iv = randomBytes(16);
  const keys = pbkdf2Sync(passphrase, salt, rounds, 64, "sha512");
  const cipher = createCipheriv("aes-256-ctr", keys.subarray(0, 32), iv);
  const count = Buffer.alloc(4);
  count.writeUInt32BE(rounds);
  const signed = Buffer.concat([Buffer.from([1]), salt, iv, count, cipher.update(content), cipher.final()]);
  const mac = createHmac("sha256", keys.subarray(32)).update(signed).digest();
  const body = Buffer.concat([signed, mac]).toString("base64");
  return [
    "-----BEGIN MEGOLM SESSION DATA-----",
    ...(body.match(/.{1,128}/g) ?? []),
    "-----END MEGOLM SESSION DATA-----\n",
  ].join("\n");
}

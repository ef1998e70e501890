import type { KeyObject } from "node:crypto";
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  timingSafeEqual,
} from "node:crypto";
import { unpaddedBase64 } from "../../../model/base64.ts";

/**
 * The encryption of one session in a key backup, base64 without padding
 * (CS §Backup algorithm: m.megolm_backup.v1.curve25519-aes-sha2).
 */
export interface EncryptedSession {
  readonly ephemeral: string;
  readonly ciphertext: string;
  readonly mac: string;
}

/** The DER encodings of X25519 keys are these bytes and the key itself (RFC 8410). */
const PUBLIC_PREFIX = Buffer.from("302a300506032b656e032100", "hex");
const PRIVATE_PREFIX = Buffer.from("302e020100300506032b656e04220420", "hex");
const KEY_BYTES = 32;
const AES_BYTES = 32;
const HMAC_BYTES = 32;
const IV_BYTES = 16;
const MAC_BYTES = 8;
const NO_SALT = Buffer.alloc(32);

/**
 * The private key of a backup.
 * @throws TypeError unless it is base64 of 32 bytes
 */
export function backupPrivateKey(base64: string): KeyObject {
  const der = Buffer.concat([PRIVATE_PREFIX, keyBytes(base64)]);
  return createPrivateKey({ key: der, format: "der", type: "pkcs8" });
}

/**
 * The public key of a backup.
 * @throws TypeError unless it is base64 of 32 bytes
 */
export function backupPublicKey(base64: string): KeyObject {
  const der = Buffer.concat([PUBLIC_PREFIX, keyBytes(base64)]);
  return createPublicKey({ key: der, format: "der", type: "spki" });
}

/**
 * Whether sessions can be encrypted for a public key. There are keys with which every shared secret
 * is zero (RFC 7748 §6.1), and OpenSSL refuses them.
 */
export function isUsablePublicKey(base64: string): boolean {
  try {
    encryptSession(backupPublicKey(base64), "");
    return true;
  } catch {
    return false;
  }
}

/** The public key of a backup's private key, base64 without padding. */
export function publicKeyOf(privateKey: KeyObject): string {
  return publicBytes(createPublicKey(privateKey));
}

/** Encrypts the JSON of one session. */
export function encryptSession(publicKey: KeyObject, json: string): EncryptedSession {
  const ephemeral = generateKeyPairSync("x25519");
  const { aesKey, macKey, iv } = derive(diffieHellman({ privateKey: ephemeral.privateKey, publicKey }));
  const cipher = createCipheriv("aes-256-cbc", aesKey, iv);
  return {
    ephemeral: publicBytes(ephemeral.publicKey),
    ciphertext: unpaddedBase64(Buffer.concat([cipher.update(json, "utf8"), cipher.final()])),
    mac: unpaddedBase64(macOf(macKey)),
  };
}

/**
 * The JSON of one session.
 * @throws Error if it cannot be decrypted
 */
export function decryptSession(privateKey: KeyObject, session: EncryptedSession): string {
  const publicKey = backupPublicKey(session.ephemeral);
  const { aesKey, macKey, iv } = derive(diffieHellman({ privateKey, publicKey }));
  const mac = Buffer.from(session.mac, "base64");
  if (mac.length !== MAC_BYTES || !timingSafeEqual(mac, macOf(macKey))) throw new Error("wrong MAC");
  const decipher = createDecipheriv("aes-256-cbc", aesKey, iv);
  const bytes = Buffer.concat([decipher.update(session.ciphertext, "base64"), decipher.final()]);
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}

function derive(secret: Buffer): { aesKey: Buffer; macKey: Buffer; iv: Buffer } {
  const bytes = Buffer.from(hkdfSync("sha256", secret, NO_SALT, "", AES_BYTES + HMAC_BYTES + IV_BYTES));
  return {
    aesKey: bytes.subarray(0, AES_BYTES),
    macKey: bytes.subarray(AES_BYTES, AES_BYTES + HMAC_BYTES),
    iv: bytes.subarray(AES_BYTES + HMAC_BYTES),
  };
}

/** The MAC covers no data. The specification keeps this fault of the first implementation. */
function macOf(macKey: Buffer): Buffer {
  return createHmac("sha256", macKey).digest().subarray(0, MAC_BYTES);
}

function keyBytes(base64: string): Buffer {
  const bytes = Buffer.from(base64, "base64");
  if (bytes.length !== KEY_BYTES) throw new TypeError("not a Curve25519 key");
  return bytes;
}

function publicBytes(publicKey: KeyObject): string {
  return unpaddedBase64(publicKey.export({ format: "der", type: "spki" }).subarray(PUBLIC_PREFIX.length));
}

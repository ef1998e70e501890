import { randomBytes } from "node:crypto";
import * as wasm from "@matrix-org/matrix-sdk-crypto-wasm";
import { unpaddedBase64 } from "../../../src/model/base64.ts";

/** The keys of a backup, as the crypto library of clients makes them. */
export interface BackupKeys {
  /** Base64: a secret. */
  readonly privateKey: string;
  readonly publicKey: string;
}

/** An entry of a backup, as servers hold it. */
export interface StoredEntry {
  readonly first_message_index: number;
  readonly forwarded_count: number;
  readonly is_verified: boolean;
  readonly session_data: { readonly ephemeral: string; readonly ciphertext: string; readonly mac: string };
}

/** Room ID → session ID → entry. */
export type StoredRooms = Record<string, Record<string, unknown>>;

export function createBackupKeys(): BackupKeys {
  const key = wasm.BackupDecryptionKey.createRandomKey();
  try {
    return { privateKey: key.toBase64(), publicKey: key.megolmV1PublicKey.publicKeyBase64 };
  } finally {
    key.free();
  }
}

/** The JSON of a session, as clients put it into a backup. Its key is valid in form only. */
export function sessionJson(index = 0, fields: Readonly<Record<string, unknown>> = {}): string {
  const sessionKey = Buffer.concat([Buffer.from([1, 0, 0, 0, 0]), randomBytes(160)]);
  sessionKey.writeUInt32BE(index, 1);
  return JSON.stringify({
    algorithm: "m.megolm.v1.aes-sha2",
    sender_key: unpaddedBase64(randomBytes(32)),
    sender_claimed_keys: { ed25519: unpaddedBase64(randomBytes(32)) },
    forwarding_curve25519_key_chain: [],
    session_key: unpaddedBase64(sessionKey),
    ...fields,
  });
}

/** Encrypts a session for a backup, with the crypto library of clients. */
export function storedEntry(
  publicKey: string,
  json: string,
  fields: Readonly<Partial<Omit<StoredEntry, "session_data">>> = {},
): StoredEntry {
  const encryption = wasm.PkEncryption.fromKey(new wasm.Curve25519PublicKey(publicKey));
  const message = encryption.encryptString(json);
  const { ciphertext, mac, ephemeralKey } = message.toBase64();
  message.free();
  encryption.free();
  return {
    first_message_index: 0,
    forwarded_count: 0,
    is_verified: false,
    ...fields,
    session_data: { ephemeral: ephemeralKey, ciphertext, mac },
  };
}

/** Decrypts an entry with the crypto library of clients. */
export function decryptedEntry(privateKey: string, entry: unknown): string {
  const { session_data: data } = entry as StoredEntry;
  const key = wasm.BackupDecryptionKey.fromBase64(privateKey);
  try {
    return key.decryptV1(data.ephemeral, data.mac, data.ciphertext);
  } finally {
    key.free();
  }
}

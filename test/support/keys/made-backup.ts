import { generateKeyPairSync, randomBytes } from "node:crypto";
import { BackupDecryptionKey, Curve25519PublicKey, PkEncryption } from "@matrix-org/matrix-sdk-crypto-wasm";
import { encodeRecoveryKey } from "matrix-js-sdk/lib/crypto-api/recovery-key.js";
import { unpaddedBase64 } from "../../../src/model/base64.ts";
import { BACKUP_ALGORITHM } from "../../../src/model/key-backup.ts";
import { callServer } from "../servers/server-api.ts";
import type { KeyOwner } from "./key-storage.ts";

/** Bytes of a ratchet of Megolm. */
const RATCHET_BYTES = 128;

/** A session of a room that no client has ever used. */
export interface MadeSession {
  readonly roomId: string;
  readonly sessionId: string;
  /** The plain JSON, as a backup encrypts it. */
  readonly json: string;
}

/** Sessions with real keys, spread over rooms. */
export function makeSessions(count: number, rooms: number): MadeSession[] {
  const device = unpaddedBase64(signingKey());
  return Array.from({ length: count }, (_, index) => {
    const { sessionId, sessionKey } = makeSession();
    const json = JSON.stringify({
      algorithm: "m.megolm.v1.aes-sha2",
      sender_key: unpaddedBase64(randomBytes(32)),
      sender_claimed_keys: { ed25519: device },
      forwarding_curve25519_key_chain: [],
      session_key: sessionKey,
      "org.matrix.msc3061.shared_history": true,
    });
    return { roomId: `!made${index % rooms}:old.example`, sessionId, json };
  });
}

/**
 * Gives the account a backup with these sessions. No cross-signing key signs it, as that of an old
 * account need not be.
 *
 * @returns the backup's private key, as a recovery key
 */
export async function storeBackup(
  { server, accessToken }: KeyOwner,
  sessions: readonly MadeSession[],
): Promise<string> {
  const key = BackupDecryptionKey.createRandomKey();
  const publicKey = key.megolmV1PublicKey.publicKeyBase64;
  const auth_data = { public_key: publicKey, signatures: {} };
  const created = await callServer(server, accessToken, "POST", "/_matrix/client/v3/room_keys/version", {
    algorithm: BACKUP_ALGORITHM,
    auth_data,
  });
  const path = `/_matrix/client/v3/room_keys/keys?version=${String(created.body["version"])}`;
  const body = { rooms: encrypted(sessions, publicKey) };
  const { status } = await callServer(server, accessToken, "PUT", path, body);
  if (status !== 200) throw new Error(`the backup was not stored: ${String(status)}`);
  return encodeRecoveryKey(Buffer.from(key.toBase64(), "base64")) ?? "";
}

function encrypted(
  sessions: readonly MadeSession[],
  publicKey: string,
): Record<string, { sessions: Record<string, unknown> }> {
  const encryption = PkEncryption.fromKey(new Curve25519PublicKey(publicKey));
  const rooms: Record<string, { sessions: Record<string, unknown> }> = {};
  for (const { roomId, sessionId, json } of sessions) {
    const { ciphertext, mac, ephemeralKey: ephemeral } = encryption.encryptString(json).toBase64();
    const room = (rooms[roomId] ??= { sessions: {} });
    room.sessions[sessionId] = {
      first_message_index: 0,
      forwarded_count: 0,
      is_verified: true,
      session_data: { ciphertext, mac, ephemeral },
    };
  }
  return rooms;
}

/**
 * A session key for export: version 1, message index 0, the ratchet, the public signing key
 * (https://spec.matrix.org/v1.16/olm-megolm/megolm/#session-export-format). The session's ID is
 * that public key.
 */
function makeSession(): { sessionId: string; sessionKey: string } {
  const signing = signingKey();
  const header = Buffer.from([1, 0, 0, 0, 0]);
  return {
    sessionId: unpaddedBase64(signing),
    sessionKey: unpaddedBase64(Buffer.concat([header, randomBytes(RATCHET_BYTES), signing])),
  };
}

function signingKey(): Buffer {
  const { publicKey } = generateKeyPairSync("ed25519");
  return Buffer.from(publicKey.export({ format: "jwk" }).x ?? "", "base64url");
}

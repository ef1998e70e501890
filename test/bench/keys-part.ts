import { randomBytes, randomUUID } from "node:crypto";
import { join } from "node:path";
import { backupPublicKey, encryptSession } from "../../src/platforms/matrix/keys/backup-cipher.ts";
import type { Homeserver, HomeserverPair } from "../lab/homeservers/pair.ts";
import { startHomeserverPair } from "../lab/homeservers/pair.ts";
import { createBackupKeys, sessionJson } from "../support/keys/backup-crypto.ts";
import { callServer } from "../support/servers/server-api.ts";
import type { Bench } from "./bench.ts";
import type { BackupAccount, KeysMeasured } from "./keys-case.ts";
import { keysMeasuredSchema } from "./keys-case.ts";
import { measureInProcess } from "./measuring.ts";
import { mebibytes, ratio, seconds, textTable } from "./table.ts";

/** So many keys, in so many rooms. */
export interface KeysSize {
  readonly keys: number;
  readonly rooms: number;
}

const BATCH = 500;
const CLIENT_API = "/_matrix/client/v3";

/** Measures copies of keys between two homeservers. */
export async function benchKeys({ folder, log }: Bench, sizes: readonly KeysSize[]): Promise<string> {
  const pair = await startHomeserverPair({ folder: join(folder, "keys"), limits: "unlimited", log });
  try {
    const lines: (KeysSize & KeysMeasured)[] = [];
    for (const size of sizes) lines.push({ ...size, ...(await measureSize(pair, size, log)) });
    return keysTable(lines);
  } finally {
    await pair.stop();
  }
}

async function measureSize(
  pair: HomeserverPair,
  { keys, rooms }: KeysSize,
  log: Bench["log"],
): Promise<KeysMeasured> {
  log(`putting ${keys} keys into an old backup`);
  const sourceKeys = createBackupKeys();
  const targetKeys = createBackupKeys();
  const source = await accountWithBackup(pair.old, sourceKeys.publicKey);
  await fill(pair.old, source, { keys, rooms });
  const input = {
    source,
    privateKey: sourceKeys.privateKey,
    target: await accountWithBackup(pair.new, targetKeys.publicKey),
    bareTarget: await accountWithBackup(pair.new, targetKeys.publicKey),
  };
  log(`copying ${keys} keys in ${rooms} rooms`);
  return await measureInProcess(new URL("measure-keys.ts", import.meta.url), input, keysMeasuredSchema);
}

async function accountWithBackup(server: Homeserver, publicKey: string): Promise<BackupAccount> {
  const localpart = `keys-${randomBytes(6).toString("hex")}`;
  const { userId, accessToken } = await server.registerUser({ localpart, password: randomUUID() });
  const { body } = await callServer(server, accessToken, "POST", `${CLIENT_API}/room_keys/version`, {
    algorithm: "m.megolm_backup.v1.curve25519-aes-sha2",
    auth_data: { public_key: publicKey, signatures: {} },
  });
  const { baseUrl } = server;
  return { userId, accessToken, baseUrl, version: String(body["version"]), publicKey };
}

async function fill(
  server: Homeserver,
  { accessToken, version, publicKey }: BackupAccount,
  { keys, rooms }: KeysSize,
): Promise<void> {
  const key = backupPublicKey(publicKey);
  for (let from = 0; from < keys; from += BATCH) {
    const batch: Record<string, { sessions: Record<string, unknown> }> = {};
    for (let at = from; at < Math.min(from + BATCH, keys); at += 1) {
      const room = (batch[`!room${at % rooms}:${server.serverName}`] ??= { sessions: {} });
      const session_data = encryptSession(key, sessionJson());
      const entry = { first_message_index: 0, forwarded_count: 0, is_verified: false, session_data };
      room.sessions[randomBytes(32).toString("base64").replace(/=+$/, "")] = entry;
    }
    const path = `${CLIENT_API}/room_keys/keys?version=${version}`;
    const { status } = await callServer(server, accessToken, "PUT", path, { rooms: batch });
    if (status !== 200) throw new Error(`the old backup was not filled: ${status}`);
  }
}

function keysTable(lines: readonly (KeysSize & KeysMeasured)[]): string {
  return textTable(
    [
      "keys",
      "rooms",
      "copy: seconds",
      "bare requests",
      "bare crypto",
      "ratio",
      "requests per 1,000",
      "compare: seconds",
      "idle MiB",
      "peak MiB",
      "over idle",
      "longest block ms",
    ],
    lines.map((line) => [
      String(line.copied),
      String(line.rooms),
      seconds(line.copyMs),
      seconds(line.bareRequestsMs),
      seconds(line.bareCryptoMs),
      ratio(line.copyMs, line.bareRequestsMs + line.bareCryptoMs),
      ((line.requests * 1_000) / line.copied).toFixed(1),
      seconds(line.compareMs),
      mebibytes(line.idleBytes),
      mebibytes(line.peakBytes),
      mebibytes(line.peakBytes - line.idleBytes),
      line.longestBlockMs.toFixed(0),
    ]),
  );
}

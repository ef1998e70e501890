import { BackupDecryptionKey } from "@matrix-org/matrix-sdk-crypto-wasm";
import { z } from "zod";
import type { Account } from "../environments/bot-environment.ts";
import type { ProxiedRequest } from "../faults/fault-proxy.ts";
import { callServer } from "../servers/server-api.ts";

const STORED_TYPES = [
  "m.secret_storage.default_key",
  "m.cross_signing.master",
  "m.cross_signing.self_signing",
  "m.cross_signing.user_signing",
  "m.megolm_backup.v1",
];

const versionSchema = z.object({
  version: z.string(),
  algorithm: z.string(),
  auth_data: z.looseObject({ public_key: z.string() }),
  count: z.number(),
});
const entrySchema = z.object({
  first_message_index: z.number(),
  forwarded_count: z.number(),
  is_verified: z.boolean(),
  session_data: z.object({ ephemeral: z.string(), mac: z.string(), ciphertext: z.string() }),
});
/** The body of an upload, and the answer to a reading of a whole backup. */
export const backedUpRoomsSchema = z.object({
  rooms: z.record(z.string(), z.object({ sessions: z.record(z.string(), entrySchema) })),
});
const crossSigningSchema = z.object({ keys: z.record(z.string(), z.string()) });
const queriedSchema = z.object({
  master_keys: z.record(z.string(), crossSigningSchema),
  self_signing_keys: z.record(z.string(), crossSigningSchema),
  user_signing_keys: z.record(z.string(), crossSigningSchema),
});

/** An account with the session of its registration. */
export type KeyOwner = Pick<Account, "server" | "accessToken" | "userId">;

/** The backup as the server describes it; `null`: there is none. */
export async function backupOf(owner: KeyOwner): Promise<z.infer<typeof versionSchema> | null> {
  const { status, body } = await call(owner, "GET", "/room_keys/version");
  return status === 404 ? null : versionSchema.parse(body);
}

/**
 * Everything that belongs to an account's key storage, without the keys of rooms: the description
 * of the backup, the secret storage and the public cross-signing keys.
 */
export async function keyStorageOf(owner: KeyOwner): Promise<Record<string, unknown>> {
  const { count: _, ...backup } = (await backupOf(owner)) ?? { count: 0 };
  const stored: Record<string, unknown> = {};
  for (const type of STORED_TYPES) stored[type] = await accountData(owner, type);
  const { key } = z.object({ key: z.string() }).parse(stored["m.secret_storage.default_key"]);
  stored["m.secret_storage.key"] = await accountData(owner, `m.secret_storage.key.${key}`);
  const { body } = await call(owner, "POST", "/keys/query", { device_keys: { [owner.userId]: [] } });
  const queried = queriedSchema.parse(body);
  // Signatures of sessions come and go with the sessions.
  const identity = [queried.master_keys, queried.self_signing_keys, queried.user_signing_keys].map(
    (keys) => keys[owner.userId]?.keys,
  );
  return { backup, stored, identity };
}

/** Session ID → the session's plain JSON, of every session in a backup. */
export async function openedBackup(owner: KeyOwner, backupKey: string): Promise<Map<string, string>> {
  const key = BackupDecryptionKey.fromBase64(backupKey);
  const version = (await backupOf(owner))?.version ?? "";
  const { body } = await call(owner, "GET", `/room_keys/keys?version=${version}`);
  const { rooms } = backedUpRoomsSchema.parse(body);
  return new Map(
    Object.values(rooms).flatMap(({ sessions }) =>
      Object.entries(sessions).map(
        ([
          sessionId,
          {
            session_data: { ephemeral, mac, ciphertext },
          },
        ]) => [sessionId, key.decryptV1(ephemeral, mac, ciphertext)],
      ),
    ),
  );
}

async function accountData(owner: KeyOwner, type: string): Promise<unknown> {
  return (await call(owner, "GET", `/user/${encodeURIComponent(owner.userId)}/account_data/${type}`)).body;
}

function call(
  { server, accessToken }: KeyOwner,
  method: "GET" | "POST" | "PUT",
  path: string,
  body?: unknown,
): ReturnType<typeof callServer> {
  return callServer(server, accessToken, method, `/_matrix/client/v3${path}`, body);
}

/** Whether a request puts keys into a backup. */
export function isKeyUpload({ method, path }: Pick<ProxiedRequest, "method" | "path">): boolean {
  return method === "PUT" && path.endsWith("/room_keys/keys");
}

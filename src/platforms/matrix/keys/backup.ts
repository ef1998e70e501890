import { z } from "zod";
import type { KeyBackup } from "../../../model/key-backup.ts";
import { BACKUP_ALGORITHM } from "../../../model/key-backup.ts";
import type { AccountDataSession } from "../api/account-data.ts";
import { findAccountData } from "../api/account-data.ts";
import { HomeserverError, isUnrecognized } from "../api/homeserver-error.ts";
import type { JsonObject } from "../api/json.ts";
import { isJsonObject } from "../api/json.ts";
import { cleanServerText } from "../api/server-text.ts";
import { isSignedByMaster, readOwnKeys } from "./own-keys.ts";

const versionSchema = z.object({
  version: z.union([z.string().min(1), z.number().transform(String)]),
  algorithm: z.string(),
  auth_data: z.unknown(),
  count: z.number().int().nonnegative(),
});

/** A version of a key backup as the server describes it. Its `auth_data` is not checked. */
export type BackupVersion = Omit<z.output<typeof versionSchema>, "auth_data"> & {
  readonly authData: JsonObject;
};

const PUBLIC_KEY_BYTES = 32;
/** Longer than the name of any algorithm. */
const MAX_ALGORITHM_LENGTH = 100;

/**
 * Reads which key backup an account has now.
 * @param isSignatureChecked whether to ask if the account's master key signed it: one request more
 * @throws HomeserverError, UnreachableError
 */
export async function readBackup(
  session: AccountDataSession,
  { isSignatureChecked }: { isSignatureChecked: boolean },
): Promise<KeyBackup> {
  const version = await readBackupVersion(session);
  if (version === null) return { kind: "none", isSwitchedOff: await isSwitchedOff(session) };
  const backup = backupOf(version);
  if (backup.kind !== "known" || !isSignatureChecked) return backup;
  const keys = await readOwnKeys(session);
  return { ...backup, isSigned: isSignedByMaster(version.authData, session.userId, keys) };
}

/**
 * The newest version of an account's key backup; `null` for none. An error page of a proxy is no
 * answer to this (`PageError`).
 * @throws HomeserverError, UnreachableError
 */
export async function readBackupVersion(
  session: Pick<AccountDataSession, "request">,
): Promise<BackupVersion | null> {
  try {
    const { auth_data: authData, ...version } = await session.request({
      method: "GET",
      path: "/_matrix/client/v3/room_keys/version",
      schema: versionSchema,
    });
    return { ...version, authData: isJsonObject(authData) ? authData : {} };
  } catch (error) {
    if (error instanceof HomeserverError && (error.status === 404 || isUnrecognized(error))) return null;
    throw error;
  }
}

/**
 * The backup of a version; `isSigned` is not asked. A backup without a usable public key cannot be
 * used by anybody, and counts as one of an unknown kind.
 */
export function backupOf({ version, algorithm, authData, count }: BackupVersion): KeyBackup {
  const publicKey = publicKeyIn(authData);
  if (algorithm !== BACKUP_ALGORITHM || publicKey === null)
    return {
      kind: "unknown_algorithm",
      algorithm: cleanServerText(algorithm, []).slice(0, MAX_ALGORITHM_LENGTH),
    };
  return { kind: "known", version, publicKey, count, isSigned: null };
}

/** The public key, base64 without padding. */
function publicKeyIn({ public_key: publicKey }: JsonObject): string | null {
  if (typeof publicKey !== "string") return null;
  const bytes = Buffer.from(publicKey, "base64");
  return bytes.length === PUBLIC_KEY_BYTES ? bytes.toString("base64").replace(/=+$/, "") : null;
}

/**
 * Whether the person switched key storage off (CS §Key backup enabled preference). The second type
 * is the one that clients wrote before v1.19 of the specification.
 */
async function isSwitchedOff(session: AccountDataSession): Promise<boolean> {
  const stable = await findAccountData(session, { roomId: null, type: "m.key_backup" });
  if (typeof stable?.["enabled"] === "boolean") return !stable["enabled"];
  const type = "m.org.matrix.custom.backup_disabled";
  return (await findAccountData(session, { roomId: null, type }))?.["disabled"] === true;
}

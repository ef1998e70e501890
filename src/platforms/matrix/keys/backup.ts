import { z } from "zod";
import { unpaddedBase64 } from "../../../model/base64.ts";
import type { KeyBackup } from "../../../model/key-backup.ts";
import { BACKUP_ALGORITHM } from "../../../model/key-backup.ts";
import type { AccountDataSession } from "../api/account-data.ts";
import { findAccountData } from "../api/account-data.ts";
import { HomeserverError, isUnrecognized } from "../api/homeserver-error.ts";
import type { JsonObject } from "../api/json.ts";
import { isJsonObject } from "../api/json.ts";
import { cleanServerText } from "../api/server-text.ts";
import { isUsablePublicKey } from "./backup-cipher.ts";
import { isSignedByMaster, readOwnKeys } from "./own-keys.ts";

const versionSchema = z.object({
  version: z.union([z.string().min(1), z.number().transform(String)]),
  algorithm: z.string(),
  auth_data: z.unknown(),
  count: z.number().int().nonnegative(),
});

/** A key backup and the `auth_data` of its version, which is empty where there is none. */
export interface DescribedBackup {
  /** `isSigned` is not asked. */
  readonly backup: KeyBackup;
  readonly authData: JsonObject;
}

export type ExistingBackup = Exclude<KeyBackup, { kind: "none" }>;

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
  const { backup, authData } = await readDescribedBackup(session);
  if (backup.kind !== "known" || !isSignatureChecked) return backup;
  const { masterKey } = await readOwnKeys(session);
  return { ...backup, isSigned: isSignedByMaster(authData, session.userId, masterKey) };
}

/**
 * Reads the newest version of an account's key backup, and whether the person switched it off.
 * @throws HomeserverError, UnreachableError
 */
export async function readDescribedBackup(session: AccountDataSession): Promise<DescribedBackup> {
  const existing = await readExistingBackup(session);
  return existing ?? { backup: { kind: "none", isSwitchedOff: await isSwitchedOff(session) }, authData: {} };
}

/**
 * Reads the newest version of an account's key backup by one request; `null` for none. An error
 * page of a proxy is no answer to this (`PageError`). A backup without a usable public key cannot
 * be used by anybody, and counts as one of an unknown kind.
 * @throws HomeserverError, UnreachableError
 */
export async function readExistingBackup(
  session: Pick<AccountDataSession, "request">,
): Promise<(DescribedBackup & { readonly backup: ExistingBackup }) | null> {
  const described = await readVersion(session);
  if (described === null) return null;
  const { version, algorithm, count } = described;
  const authData = isJsonObject(described.auth_data) ? described.auth_data : {};
  const publicKey = publicKeyIn(authData);
  const backup: ExistingBackup =
    algorithm === BACKUP_ALGORITHM && publicKey !== null
      ? { kind: "known", version, publicKey, count, isSigned: null }
      : { kind: "unknown_algorithm", algorithm: nameOf(algorithm) };
  return { backup, authData };
}

/** `null`: the account has no backup, or its server has none for anybody. */
async function readVersion(
  session: Pick<AccountDataSession, "request">,
): Promise<z.output<typeof versionSchema> | null> {
  try {
    const path = "/_matrix/client/v3/room_keys/version";
    return await session.request({ method: "GET", path, schema: versionSchema });
  } catch (error) {
    if (error instanceof HomeserverError && (error.status === 404 || isUnrecognized(error))) return null;
    throw error;
  }
}

function nameOf(algorithm: string): string {
  return cleanServerText(algorithm, []).slice(0, MAX_ALGORITHM_LENGTH);
}

/** The public key, base64 without padding. */
function publicKeyIn({ public_key: publicKey }: JsonObject): string | null {
  if (typeof publicKey !== "string") return null;
  const key = unpaddedBase64(Buffer.from(publicKey, "base64"));
  return isUsablePublicKey(key) ? key : null;
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

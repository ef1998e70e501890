import type { Account } from "../../../../model/account.ts";
import type { NoEmojiReason, OpeningWays } from "../../../keys.ts";
import type { AccountDataSession } from "../../api/account-data.ts";
import { readDescribedBackup } from "../backup.ts";
import { readOwnKeys } from "../own-keys.ts";
import { MAX_ITERATIONS } from "../passphrase-key.ts";
import type { StorageKey } from "./backup-storage.ts";
import { backupPassphrase, readBackupStorage } from "./backup-storage.ts";
import type { Passphrase } from "./secret-storage.ts";
import { readKeyDescription } from "./secret-storage.ts";

/**
 * How an account's backup can be opened. Nothing more is asked where there is no known backup.
 * @throws HomeserverError, UnreachableError
 */
export async function readOpeningWays(
  session: AccountDataSession,
  account: Pick<Account, "method" | "deviceId">,
): Promise<OpeningWays> {
  const { backup, authData } = await readDescribedBackup(session);
  if (backup.kind !== "known") return { backup, noEmoji: null, hasSecretStorage: false, hasPhrase: false };
  const [noEmoji, storage] = await Promise.all([noEmojiReason(session, account), readBackupStorage(session)]);
  const hasPhrase = isUsable(backupPassphrase(authData)) || (await hasPhraseOf(session, storage ?? []));
  return { backup, noEmoji, hasSecretStorage: storage !== null, hasPhrase };
}

/**
 * Only a session of the bot's own can be verified, and only another device of the account can
 * verify it. A device that is not cross-signed is given no secrets (CS §Sharing secrets).
 */
async function noEmojiReason(
  session: AccountDataSession,
  { method, deviceId }: Pick<Account, "method" | "deviceId">,
): Promise<NoEmojiReason | null> {
  if (method === "token") return "pasted_token";
  const { masterKey, devices } = await readOwnKeys(session);
  if (masterKey === null) return "no_cross_signing";
  const hasOther = devices.some((device) => device.deviceId !== deviceId && device.isCrossSigned !== false);
  return hasOther ? null : "no_other_device";
}

async function hasPhraseOf(session: AccountDataSession, keys: readonly StorageKey[]): Promise<boolean> {
  for (const { keyId, secret } of keys) {
    if (secret === null) continue;
    const description = await readKeyDescription(session, keyId);
    if (isUsable(description?.passphrase ?? null)) return true;
  }
  return false;
}

function isUsable(passphrase: Passphrase | null): boolean {
  return passphrase !== null && passphrase.iterations <= MAX_ITERATIONS;
}

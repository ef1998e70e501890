import type { KnownKeyBackup } from "../../../../model/key-backup.ts";
import type { OpenRefusal, OpenResult, TypedSecret } from "../../../keys.ts";
import type { AccountDataSession } from "../../api/account-data.ts";
import type { JsonObject } from "../../api/json.ts";
import { readDescribedBackup } from "../backup.ts";
import { MAX_ITERATIONS, passphraseKey } from "../passphrase-key.ts";
import { backupKeyIn, openedBackup } from "./backup-key.ts";
import { BACKUP_SECRET, backupPassphrase, readBackupStorage } from "./backup-storage.ts";
import { readRecoveryKey } from "./recovery-key.ts";
import type { EncryptedSecret, Passphrase } from "./secret-storage.ts";
import {
  decryptSecret,
  isDescribedKey,
  readDefaultKeyId,
  readKeyDescription,
  readSecret,
} from "./secret-storage.ts";

/** What was found out with several keys, the most telling first. */
const BY_MEANING: readonly OpenRefusal["code"][] = [
  "stale_backup_key",
  "no_backup_key",
  "too_many_rounds",
  "wrong_phrase",
  "no_phrase",
];

/**
 * Opens an account's key backup with what a person typed. It counts only if the public key is that
 * of the backup. A recovery key is checked by itself before anything is asked of the server.
 * @throws HomeserverError, UnreachableError
 */
export async function openBackup(session: AccountDataSession, typed: TypedSecret): Promise<OpenResult> {
  const reading = readRecoveryKey(typed.text);
  if (typed.kind === "recovery_key" && reading.kind === "mistake")
    return refused({ code: "not_a_recovery_key", mistake: reading.mistake });
  const { backup, authData } = await readDescribedBackup(session);
  switch (backup.kind) {
    case "none":
      return refused({ code: "no_backup", isSwitchedOff: backup.isSwitchedOff });
    case "unknown_algorithm":
      return refused({ code: "unknown_algorithm", algorithm: backup.algorithm });
    case "known": {
      const byKey = reading.kind === "key" ? await openByRecoveryKey(session, backup, reading.key) : null;
      // Some apps ask for either secret in one field, so that a phrase may be a recovery key.
      const isDecided = byKey !== null && (typed.kind === "recovery_key" || !isOtherKey(byKey));
      return isDecided ? byKey : openByPhrase(session, { backup, authData, phrase: typed.text });
    }
  }
}

/**
 * The MAC of a stored secret shows whether a key is the one with which it was stored. So the
 * descriptions of the keys are needed only for a key that opens nothing.
 */
async function openByRecoveryKey(
  session: AccountDataSession,
  backup: KnownKeyBackup,
  key: Uint8Array,
): Promise<OpenResult> {
  const withoutSecrets = openByKey(key, [], backup);
  if (withoutSecrets !== null) return withoutSecrets;
  const secrets = await readSecret(session, BACKUP_SECRET);
  const result = openByKey(key, [...secrets.values()], backup);
  if (result !== null) return result;
  const defaultKeyId = await readDefaultKeyId(session);
  const description = defaultKeyId === null ? null : await readKeyDescription(session, defaultKeyId);
  const isStorageKey = description !== null && isDescribedKey(key, description);
  return refused({ code: isStorageKey ? "no_backup_key" : "other_recovery_key" });
}

async function openByPhrase(
  session: AccountDataSession,
  { backup, authData, phrase }: { backup: KnownKeyBackup; authData: JsonObject; phrase: string },
): Promise<OpenResult> {
  const legacy = backupPassphrase(authData);
  const byBackup = legacy && (await tryPhrase(phrase, legacy, (key) => openByKey(key, [], backup)));
  if (byBackup?.status === "opened") return byBackup;
  const storage = await readBackupStorage(session);
  if (storage === null) return byBackup ?? refused({ code: "no_secret_storage" });
  const refusals = byBackup === null ? [] : [byBackup.refusal];
  for (const { keyId, secret } of storage) {
    const description = await readKeyDescription(session, keyId);
    const result = await tryPhrase(phrase, description?.passphrase ?? null, (key) => {
      const opened = openByKey(key, secret === null ? [] : [secret], backup);
      const isStorageKey = description !== null && isDescribedKey(key, description);
      return opened ?? (isStorageKey ? refused({ code: "no_backup_key" }) : null);
    });
    if (result.status === "opened") return result;
    refusals.push(result.refusal);
  }
  return refused(mostTelling(refusals));
}

/** @param use what the derived key opens; `null`: nothing */
async function tryPhrase(
  phrase: string,
  passphrase: Passphrase | null,
  use: (key: Uint8Array) => OpenResult | null,
): Promise<OpenResult> {
  if (passphrase === null) return refused({ code: "no_phrase" });
  const { iterations: rounds } = passphrase;
  if (rounds > MAX_ITERATIONS) return refused({ code: "too_many_rounds", rounds });
  return use(await passphraseKey(phrase, passphrase)) ?? refused({ code: "wrong_phrase" });
}

/**
 * The key may be that of the backup itself, or the one with which the backup's key is stored.
 * @returns `null`: it is neither
 */
function openByKey(
  key: Uint8Array,
  secrets: readonly EncryptedSecret[],
  backup: KnownKeyBackup,
): OpenResult | null {
  const texts = secrets
    .map((secret) => decryptSecret(key, BACKUP_SECRET, secret))
    .filter((text) => text !== null);
  const stored = texts.map(backupKeyIn).filter((each) => each !== null);
  for (const each of [key, ...stored]) {
    const opened = openedBackup(backup, each);
    if (opened !== null) return { status: "opened", opened };
  }
  if (texts.length === 0) return null;
  return refused({ code: stored.length > 0 ? "stale_backup_key" : "no_backup_key" });
}

function mostTelling(refusals: readonly OpenRefusal[]): OpenRefusal {
  const [first] = refusals.toSorted(
    (left, right) => BY_MEANING.indexOf(left.code) - BY_MEANING.indexOf(right.code),
  );
  return first ?? { code: "no_phrase" };
}

function isOtherKey(result: OpenResult): boolean {
  return result.status === "refused" && result.refusal.code === "other_recovery_key";
}

function refused(refusal: OpenRefusal): Extract<OpenResult, { status: "refused" }> {
  return { status: "refused", refusal };
}

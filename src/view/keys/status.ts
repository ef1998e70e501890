import type { Side } from "../../model/account.ts";
import { sides } from "../../model/account.ts";
import type { BackupIdentity, KeyBackup, KnownKeyBackup } from "../../model/key-backup.ts";
import { isSameBackup } from "../../model/key-backup.ts";
import type { CopiedKeys } from "../../model/key-copy.ts";
import { isKeyCopyUnfinished } from "../../model/key-copy.ts";
import type { BackupOfAccount, KeyStatus } from "../../service/keys/results.ts";
import { unreadableWords } from "../account/reading.ts";
import { sideWord } from "../account/sign-in.ts";
import type { Block, Inline } from "../document/document.ts";
import { code, list, paragraph, strong } from "../document/document.ts";
import type { Message } from "../document/message.ts";
import { notice } from "../document/message.ts";
import { formatCount } from "../document/numbers.ts";
import { formatTime } from "../document/time.ts";
import { untrustedCode } from "../document/untrusted-text.ts";
import { backupNeeded, noBackupWords, whyNotWritable } from "./backup-words.ts";
import { keyFileInstead } from "./without-old-account.ts";
import { keyCount } from "./work-words.ts";
import { workLine } from "./work.ts";

/** `!keys status`. */
export function keyStatus(status: KeyStatus, now: number, prefix: string): Message {
  const { copy, copied } = status;
  const isUnfinished = copy !== null && isKeyCopyUnfinished(copy);
  const hasStopped = copy?.state === "stopped" && copy.begunAt > (copied?.copiedAt ?? 0);
  return notice(
    list(sides.map((side) => accountLine(side, status.backups[side], prefix))),
    ...copiedBlocks(status),
    ...(copy !== null && (isUnfinished || hasStopped) ? [paragraph(...workLine(copy, now, prefix))] : []),
    ...(status.isVerified
      ? [
          paragraph(
            "My session of your old account is a verified device of it. Nobody reads messages there. It is verified until that session ends: ",
            code(`${prefix}finish end`),
            " ends it.",
          ),
        ]
      : []),
    ...(isUnfinished || hasStopped ? [] : [paragraph(...nextStep(status, prefix))]),
  );
}

function accountLine(side: Side, found: BackupOfAccount | undefined, prefix: string): Inline[] {
  const label = strong(side === "source" ? "Old account" : "New account");
  if (found === undefined) return [label, ": not signed in"];
  const { account } = found;
  const about: Inline[] = [label, " ", code(untrustedCode(account.userId)), ": "];
  if ("refusal" in found)
    return [...about, "could not be read. ", ...unreadableWords(account, found.refusal, prefix)];
  const { backup } = found;
  switch (backup.kind) {
    case "none":
      return [
        ...about,
        backup.isSwitchedOff ? "no key backup; its key storage is switched off" : "no key backup",
      ];
    case "unknown_algorithm":
      return [
        ...about,
        "a key backup of a kind that I don't know (",
        code(untrustedCode(backup.algorithm, 60)),
        ")",
      ];
    case "known":
      return [...about, `a key backup with ${keyCount(backup.count)}`, ...signatureWords(backup)];
  }
}

function signatureWords({ isSigned }: KnownKeyBackup): Inline[] {
  if (isSigned === null) return [];
  return [isSigned ? ", signed by your account's keys" : ", not signed by your account's keys"];
}

/** What the last copy did, and whether that still holds. */
function copiedBlocks({ backups, copied }: KeyStatus): Block[] {
  if (copied === null) return [];
  const { copiedAt, expected, to, unusable } = copied;
  const present = copied.copied + copied.alreadyThere;
  return [
    paragraph(
      `${formatTime(copiedAt)}: I copied ${keyCount(copied.copied)} to version `,
      code(untrustedCode(to.version, 40)),
      ` of the new backup. It then had ${formatCount(present)} of the ${keyCount(expected)} of the old one.`,
      ...(unusable === 0 ? [] : [` ${keyCount(unusable)} can't be used by any app.`]),
    ),
    paragraph(...whetherStillThere(backups, copied)),
  ];
}

function whetherStillThere({ source, target }: KeyStatus["backups"], copied: CopiedKeys): Inline[] {
  if (target === undefined || "refusal" in target)
    return ["I can't see now whether that backup is still there."];
  return isStillThere(target, copied.to)
    ? ["That backup is still there, with the same public key.", ...sinceThen(source, copied)]
    : [
        strong("That backup is not there any more."),
        " The key storage of your new account was reset or switched off since. Copied keys that your apps had not fetched yet are gone with it.",
      ];
}

function isStillThere(
  { backup }: Extract<BackupOfAccount, { backup: KeyBackup }>,
  copied: BackupIdentity,
): boolean {
  return backup.kind === "known" && isSameBackup(backup, copied);
}

/** What happened to the old backup after the copy. */
function sinceThen(found: BackupOfAccount | undefined, { expected, from }: CopiedKeys): string[] {
  if (found === undefined || "refusal" in found || found.backup.kind !== "known") return [];
  if (!isStillThere(found, from)) return [" The key backup of your old account was replaced since then."];
  const more = found.backup.count - expected;
  return more <= 0 ? [] : [` Since then ${keyCount(more)} came into the old one.`];
}

function nextStep({ backups, copied, files }: KeyStatus, prefix: string): Inline[] {
  const { source, target } = backups;
  const isOldImported = source === undefined && files?.kind === "imported";
  if (isOldImported && target !== undefined) return keyFileInstead(prefix);
  const missing = isOldImported ? "target" : sides.find((side) => backups[side] === undefined);
  if (source === undefined || target === undefined || missing !== undefined)
    return ["Next: ", code(`${prefix}login ${sideWord(missing ?? "source")} @you:server`), "."];
  if ("refusal" in source || "refusal" in target)
    return [code(`${prefix}whoami`), " shows how your accounts are signed in."];
  if (source.backup.kind !== "known") return noBackupWords(source.backup, prefix);
  const problem = whyNotWritable(target.backup);
  const needs = problem === null ? [] : backupNeeded(problem);
  const copy = code(`${prefix}keys copy`);
  const isCurrent =
    copied !== null &&
    isStillThere(target, copied.to) &&
    hasAtLeast(target.backup, copied.copied + copied.alreadyThere) &&
    isStillThere(source, copied.from) &&
    source.backup.count <= copied.expected;
  if (isCurrent)
    return [
      "Nothing is missing that can be copied. ",
      code(`${prefix}keys check`),
      " counts the messages that your new account can read.",
    ];
  const atLeast = missingAtLeast(source.backup.count, target.backup);
  if (needs.length > 0) return [...atLeast, ...needs, " Then ", copy, " copies the keys."];
  return copied === null
    ? [...atLeast, "Next: ", copy, ". Keys are best copied before the rooms are joined."]
    : [...atLeast, "Next: ", copy, " copies again what is missing."];
}

function hasAtLeast(backup: KeyBackup, count: number): boolean {
  return backup.kind === "known" && backup.count >= count;
}

/** What the counts alone say: the new backup may have other keys besides. */
function missingAtLeast(count: number, target: KeyBackup): string[] {
  const missing = count - (target.kind === "known" ? target.count : 0);
  if (missing <= 0) return [];
  const verb = missing === 1 ? "is" : "are";
  return [`At least ${keyCount(missing)} of the old backup ${verb} missing in the new one. `];
}

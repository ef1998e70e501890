import type { KeyBackup } from "../../model/key-backup.ts";
import type { KeyCopyReason } from "../../model/key-copy.ts";
import type { NoEmojiReason, NoTargetBackup } from "../../platforms/keys.ts";
import type { Inline } from "../document/document.ts";
import { code } from "../document/document.ts";
import { untrustedCode } from "../document/untrusted-text.ts";
import { workCommand } from "./work-words.ts";

/** Why the bot can't open the old backup by emoji. */
export const noEmojiWords: Readonly<Record<NoEmojiReason, string>> = {
  pasted_token:
    "A verification by emoji needs a session of my own, and you signed in your old account with an access token.",
  no_cross_signing:
    "A verification by emoji does not work, because your old account has not set up its identity for verifications (cross-signing).",
  no_other_device: "A verification by emoji does not work, because your old account has no other device.",
};

/** How the keys come along without the old backup: by a key file. */
export function byKeyFile(prefix: string): Inline[] {
  return [
    "Export your keys in Element Web or Desktop with your old account (Settings → Encryption → Export keys), and send me the file: ",
    code(workCommand("import", prefix)),
    ".",
  ];
}

/** There is no old backup that the bot can copy from. */
export function noBackupWords(backup: Exclude<KeyBackup, { kind: "known" }>, prefix: string): Inline[] {
  if (backup.kind === "unknown_algorithm")
    return [
      "The key backup of your old account is of a kind that I don't know (",
      code(untrustedCode(backup.algorithm, 60)),
      "), so I can't open it. Nothing was changed. ",
      ...byKeyFile(prefix),
    ];
  return [
    backup.isSwitchedOff
      ? "The key storage of your old account is switched off, so its server has no key backup. Nothing was changed. "
      : "Your old account has no key backup on its server. Nothing was changed. ",
    ...byKeyFile(prefix),
  ];
}

/** Why the bot writes nothing to a backup of the new account; `null` if it would. */
export function whyNotWritable(backup: KeyBackup): BackupProblem | null {
  if (backup.kind === "none") return { code: backup.isSwitchedOff ? "switched_off" : "none" };
  if (backup.kind === "unknown_algorithm") return { code: "unknown_algorithm" };
  return backup.isSigned === true ? null : { code: "unsigned" };
}

type BackupProblem = Extract<KeyCopyReason, { code: NoTargetBackup }>;

/** What the person does so that the new account has a backup that can be written to. */
export function backupNeeded(reason: KeyCopyReason | null): Inline[] {
  switch (reason?.code) {
    case "switched_off":
      return [
        "The key storage of your new account is switched off. Please switch it on in Element: Settings → Encryption → Key storage.",
      ];
    case "unsigned":
      return [
        "The key backup of your new account is not signed by your account's keys, so I write nothing to it. Please open Element with your new account, verify that session, and reset its key storage: Settings → Encryption.",
      ];
    case "unknown_algorithm":
      return [
        "The key backup of your new account is of a kind that I don't know. Please reset its key storage with a current Element: Settings → Encryption.",
      ];
    default:
      return [
        "Your new account has no key backup yet. Please sign in once with Element on your new account and let it set up its key storage. Set up a recovery key there as well, so that you never lose it.",
      ];
  }
}

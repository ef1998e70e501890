import type { EmojiFailure } from "../../platforms/keys.ts";
import type { Inline } from "../document/document.ts";
import { code } from "../document/document.ts";
import { byKeyFile, noBackupWords, noEmojiWords } from "./backup-words.ts";

/** Why a verification by emoji did not open the old backup, and what helps. */
const failures: Readonly<Record<EmojiFailure, (prefix: string, again: Inline) => Inline[]>> = {
  pasted_token: () => [`${noEmojiWords.pasted_token} Nothing was changed.`],
  no_cross_signing: () => [`${noEmojiWords.no_cross_signing} Nothing was changed.`],
  no_other_device: () => [`${noEmojiWords.no_other_device} Nothing was changed.`],
  refused: (_, again) => [
    "Your other device, or somebody on it, ended the verification. Nothing was changed. If that was not you, look at the list of your devices in Element. To try again: ",
    again,
    ".",
  ],
  mismatch: (_, again) => [
    "The emoji are different, so I ended the verification. Nothing was changed. It can be a mistake at a tap, or somebody listens in between. Check the list of your devices in Element. To try again: ",
    again,
    ".",
  ],
  timed_out: (_, again) => [
    "Nobody answered the verification in time, so it is over. Nothing was changed. Open Element on another device of your old account first. Then try again: ",
    again,
    ".",
  ],
  no_key_received: (_, again) => [
    "My session is verified now, but none of your devices gave me the key of the present backup. Open Element on a device of your old account whose key storage works, and keep it open. Then try again: ",
    again,
    ".",
  ],
  stale_backup_key: () => [
    "My session is verified now. But the backup key that your device gave me belongs to an older backup, so it does not open the present one. Export your keys on that device, before you let Element repair its key storage: Element then deletes the old backup, and makes a new one with only the keys of that device.",
  ],
  session_keys_lost: (prefix, again) => [
    "The server has other encryption keys of my session than I have, so it can't be verified. Nothing was changed. Please sign in your old account again: ",
    code(`${prefix}login old`),
    ". Then try again: ",
    again,
    ".",
  ],
  too_many_at_once: (_, again) => [
    "I am verifying my sessions with several other people at the moment. Nothing was changed. Please try again in a quarter of an hour: ",
    again,
    ".",
  ],
  bot_failed: (_, again) => [
    "Something went wrong on my side, so the verification is over. Nothing was changed. Please try again: ",
    again,
    ". If it happens again, ask the people who run me.",
  ],
  no_backup: (prefix) => noBackupWords({ kind: "none", isSwitchedOff: false }, prefix),
  unknown_algorithm: (prefix) => [
    "The key backup of your old account is of a kind that I don't know, so I can't open it. Nothing was changed. ",
    ...byKeyFile(prefix),
  ],
};

/**
 * @param failure an `EmojiFailure`, or the code of a refusal by the account's server
 * @param command the one that asked for the verification
 */
export function emojiFailure(failure: string, command: string, prefix: string): Inline[] {
  const again = code(`${command} --emoji`);
  const words = isEmojiFailure(failure) ? failures[failure] : null;
  if (words !== null) return words(prefix, again);
  return [
    "The server of your old account does not answer, or refuses, so the verification is over. Nothing was changed. ",
    code(`${prefix}whoami`),
    " shows whether your accounts work. Then try again: ",
    again,
    ".",
  ];
}

function isEmojiFailure(failure: string): failure is EmojiFailure {
  return Object.hasOwn(failures, failure);
}

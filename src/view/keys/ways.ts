import type { KeyBackup } from "../../model/key-backup.ts";
import type { NoEmojiReason, OpeningWays } from "../../platforms/keys.ts";
import type { WaysResult } from "../../service/keys/results.ts";
import type { Block, Inline } from "../document/document.ts";
import { code, list, paragraph, strong } from "../document/document.ts";
import type { Message } from "../document/message.ts";
import { notice } from "../document/message.ts";
import { backupNeeded, noBackupWords, noEmojiWords, whyNotWritable } from "./backup-words.ts";
import { withoutOldAccount } from "./without-old-account.ts";
import { keyCount, workCommand } from "./work-words.ts";
import { workLine } from "./work.ts";

/** The answer to `!keys copy`: the safest way that works, and what it needs. */
export function waysAnswer(result: WaysResult, now: number, prefix: string): Message {
  switch (result.status) {
    case "not_signed_in":
    case "not_read":
      return withoutOldAccount(result, prefix, "A copy of your keys");
    case "ways": {
      const { ways, target, copy } = result;
      const work = copy === null ? [] : [paragraph(...workLine(copy, now, prefix))];
      if (copy?.state === "running") return notice(...work);
      const { backup } = ways;
      if (backup.kind !== "known") return notice(...work, paragraph(...noBackupWords(backup, prefix)));
      return notice(
        ...work,
        paragraph(
          `The key backup of your old account has ${keyCount(backup.count)}. To copy them to your new account, I have to open it. I have begun nothing yet.`,
        ),
        ...(ways.noEmoji === null ? byEmoji(ways, prefix) : bySecret(ways, ways.noEmoji, prefix)),
        ...(target === null ? [] : neededOf(target)),
      );
    }
  }
}

/** What the new account needs besides; empty if its backup can be written to. */
function neededOf(target: KeyBackup): Block[] {
  const problem = whyNotWritable(target);
  if (problem === null) return [];
  return [
    paragraph(...backupNeeded(problem), " I wait for that, up to 24 hours, once the old backup is open."),
  ];
}

function byEmoji(ways: OpeningWays, prefix: string): Block[] {
  return [
    paragraph(strong("The safest way: "), code(`${prefix}keys copy --emoji`), ", in a direct chat with me."),
    paragraph(
      "No secret is typed. You need a device on which Element is signed in to your old account. It shows a request for a verification, and you compare seven emoji.",
    ),
    ...otherWays(ways, workCommand("copy", prefix), prefix),
  ];
}

function bySecret(ways: OpeningWays, noEmoji: NoEmojiReason, prefix: string): Block[] {
  const [safest, ...others] = typedWays(ways, workCommand("copy", prefix));
  return [
    paragraph(strong("The safest way that works: "), ...safest, "."),
    paragraph(noEmojiWords[noEmoji]),
    list([...others, fileWay(prefix)]),
  ];
}

/** The ways besides emoji. @param command the one that opens the old backup */
export function otherWays(ways: OpeningWays, command: string, prefix: string): Block[] {
  return [paragraph("Other ways:"), list([...typedWays(ways, command), fileWay(prefix)])];
}

function typedWays({ hasPhrase }: OpeningWays, command: string): [Inline[], ...Inline[][]] {
  const recoveryKey = [
    code(`${command} --recovery-key "…"`),
    ", with the recovery key of your old account, in a direct chat with me",
  ];
  return hasPhrase
    ? [
        [
          code(`${command} --phrase "…"`),
          ", with the security phrase of your old account, in a direct chat with me",
        ],
        recoveryKey,
      ]
    : [recoveryKey];
}

function fileWay(prefix: string): Inline[] {
  return [code(workCommand("import", prefix)), ", with a key file that you export in Element Web or Desktop"];
}

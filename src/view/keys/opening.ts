import type { KeyCopy } from "../../model/key-copy.ts";
import type { OpenRefusal, RecoveryKeyMistake, TypedSecret } from "../../platforms/keys.ts";
import type { OpeningRequest } from "../../service/keys/opening.ts";
import type { OpeningResult } from "../../service/keys/results.ts";
import type { Block, Inline } from "../document/document.ts";
import { code, paragraph, strong } from "../document/document.ts";
import type { Message } from "../document/message.ts";
import { alert, notice } from "../document/message.ts";
import { counted, formatCount } from "../document/numbers.ts";
import { untrustedCode } from "../document/untrusted-text.ts";
import { byKeyFile, noBackupWords, noEmojiWords } from "./backup-words.ts";
import { otherWays } from "./ways.ts";
import { withoutOldAccount } from "./without-old-account.ts";
import { replacedWork, underWayWords, workCommand } from "./work-words.ts";

/** Shown while the old backup is being opened. */
export function openingBackup(): Message {
  return notice(paragraph("Opening the key backup of your old account …"));
}

/** `--emoji` was given where other people could see or answer the emoji. */
export function emojiNotHere(prefix: string): Message {
  return notice(
    paragraph(
      "A verification by emoji works only in a direct chat with me, where nobody else can answer for you. Start one and type ",
      code(`${prefix}keys copy --emoji`),
      " there.",
    ),
  );
}

/** Other work with the keys of the person is running. */
export function busyWithKeys(copy: KeyCopy, prefix: string): Message {
  return notice(
    paragraph(...underWayWords(copy), " I began nothing else. ", code(`${prefix}cancel keys`), " ends it."),
  );
}

/** How a command that opens the old backup was given. */
export interface OpeningView {
  purpose: OpeningRequest["purpose"];
  /** `null`: no secret that opens the backup was typed. */
  typed: TypedSecret["kind"] | null;
  /** Whether the message with the secret was encrypted. */
  isEncrypted: boolean;
  prefix: string;
}

/** The answer to a command that opens the old backup. */
export function openingAnswer(result: OpeningResult, view: OpeningView): Message {
  const { document, tone } = outcome(result, view);
  return { tone, document: [...document, ...afterTyping(view, result.status === "started")] };
}

function outcome(result: OpeningResult, { purpose, prefix }: OpeningView): Message {
  const command = workCommand(purpose, prefix);
  switch (result.status) {
    case "not_signed_in":
    case "not_read":
      return withoutOldAccount(
        result,
        prefix,
        purpose === "copy" ? "A copy of your keys" : "An export of your keys",
      );
    case "busy":
      return busyWithKeys(result.copy, prefix);
    case "refused":
      return alert(...refusalBlocks(result.refusal, { by: result.by, command, prefix }));
    case "no_backup":
      return alert(paragraph(...noBackupWords(result.backup, prefix)));
    case "no_emoji":
      return alert(
        paragraph(noEmojiWords[result.reason], " Nothing was changed."),
        ...otherWays(result.ways, command, prefix),
      );
    case "started":
      return result.by === "emoji"
        ? verificationAsked(result, prefix)
        : notice(
            paragraph(
              `✅ Your ${secretNames[result.by]} opens the key backup of your old account. ${whatFollows[result.copy.purpose]}`,
            ),
            ...replacedWork(result.replaced),
          );
  }
}

/** What became of a typed secret, and what the person does about it. */
export function afterTyping(
  { typed, isEncrypted }: Pick<OpeningView, "typed" | "isEncrypted">,
  isUsed: boolean,
): Block[] {
  if (typed === null) return [];
  const name = secretNames[typed];
  return [
    paragraph(
      `Your message with the ${name} is removed${isUsed ? "" : ", and I keep nothing of it"}. Servers are asked to delete it, but can't be made to. When the move is over, make a new recovery key in Element: Settings → Encryption → Change recovery key.`,
    ),
    ...(isEncrypted ? [] : [wasReadable(name)]),
  ];
}

/** A secret was typed into a chat that is not encrypted. */
export function wasReadable(what: string): Block {
  return paragraph(
    `This chat is not encrypted, so its servers could read the ${what}. An encrypted chat with me is safer.`,
  );
}

function verificationAsked(
  { copy, replaced }: Extract<OpeningResult, { status: "started" }>,
  prefix: string,
): Message {
  return notice(
    ...replacedWork(replaced),
    paragraph(
      "I have asked the other devices of your old account ",
      code(untrustedCode(copy.source ?? "")),
      " for a verification. Nothing secret is typed here.",
    ),
    paragraph(
      "Open Element on one of them. It shows ",
      strong("a request for a verification"),
      ". That is not the note about a new login: leave that note alone. Accept the request and choose to compare emoji. Then I show the same seven emoji here.",
    ),
    paragraph(
      "The request can take a few seconds to appear, and is valid for ten minutes. ",
      code(`${prefix}cancel keys`),
      " ends it.",
    ),
  );
}

const whatFollows = {
  copy: "I copy its keys to your new account now, and write to you when that is done.",
  import: "I add its keys to your new account now, and write to you when that is done.",
  export: "I write its keys to a file now, and send it here.",
} as const;

const secretNames: Readonly<Record<TypedSecret["kind"], string>> = {
  recovery_key: "recovery key",
  phrase: "security phrase",
};

/** Why the old backup was not opened, and what helps. */
function refusalBlocks(
  refusal: OpenRefusal,
  { by, command, prefix }: { by: TypedSecret["kind"]; command: string; prefix: string },
): Block[] {
  const again = code(`${command} --${by === "phrase" ? "phrase" : "recovery-key"} "…"`);
  const byRecoveryKey = code(`${command} --recovery-key "…"`);
  switch (refusal.code) {
    case "not_a_recovery_key":
      return [
        paragraph(...mistakeWords(refusal.mistake)),
        paragraph("Please check it and try again: ", again, "."),
      ];
    case "other_recovery_key":
      return [
        paragraph(
          "This is a recovery key, but it opens nothing in your old account. It may belong to another account, or a newer one has replaced it. Nothing was changed.",
        ),
        paragraph(
          "Please try again with the newest one: ",
          again,
          ". If you no longer have it, ",
          code(`${prefix}keys copy`),
          " names the other ways.",
        ),
      ];
    case "stale_backup_key":
      return staleKey(`Your ${secretNames[by]} is right.`, prefix);
    case "no_backup_key":
      return [
        paragraph(
          `Your ${secretNames[by]} is right, but the key of the backup is not stored behind it. Nothing was changed.`,
        ),
        paragraph(...byKeyFile(prefix)),
      ];
    case "wrong_phrase":
      return [
        paragraph(
          "This security phrase does not open the key backup of your old account. Capital letters and spaces count. Nothing was changed.",
        ),
        paragraph("Please try again: ", again, ". Your recovery key works as well: ", byRecoveryKey, "."),
      ];
    case "no_phrase":
      return [
        paragraph("Your old account has a recovery key, but no security phrase. Nothing was changed."),
        paragraph("Please use the recovery key: ", byRecoveryKey, "."),
      ];
    case "no_secret_storage":
      return [
        paragraph(
          "A security phrase opens the secret storage of an account, and your old account has none. Nothing was changed.",
        ),
        paragraph(code(`${prefix}keys copy`), " names the ways that work."),
      ];
    case "too_many_rounds":
      return [
        paragraph(
          `The server of your old account asks for ${formatCount(refusal.rounds)} rounds of computing to check a security phrase. I do at most 10,000,000. Nothing was changed.`,
        ),
        paragraph("Please use your recovery key: ", byRecoveryKey, "."),
      ];
    case "no_backup":
      return [paragraph(...noBackupWords({ kind: "none", isSwitchedOff: refusal.isSwitchedOff }, prefix))];
    case "unknown_algorithm":
      return [
        paragraph(...noBackupWords({ kind: "unknown_algorithm", algorithm: refusal.algorithm }, prefix)),
      ];
  }
}

/**
 * The stored backup key belongs to an older backup.
 * @param right says what the person did right
 */
export function staleKey(right: string, prefix: string): Block[] {
  return [
    paragraph(
      right,
      " But the backup key that is stored in your old account belongs to an older backup, so it does not open the present one. Nothing was changed.",
    ),
    paragraph(...byKeyFile(prefix)),
    paragraph(
      strong("Careful: "),
      "Element can repair the backup when you enter your recovery key there. But it then deletes the old backup, and makes a new one with only the keys of that device. Export your keys first.",
    ),
  ];
}

/** What is wrong with a recovery key. It was found out without a server. */
function mistakeWords(mistake: RecoveryKeyMistake): Inline[] {
  switch (mistake.code) {
    case "character": {
      const shown = untrustedCode(mistake.character, 4);
      return [
        "This is not a recovery key: it contains ",
        shown === "" ? "an invisible character" : code(shown),
        ". A recovery key has letters and digits, but never ",
        code("0"),
        " (zero), ",
        code("O"),
        ", ",
        code("I"),
        " or ",
        code("l"),
        ". I asked no server.",
      ];
    }
    case "length":
      return [
        `This is not a whole recovery key: it has ${counted(mistake.length, "character")} without spaces, and a recovery key has ${mistake.expected}. I asked no server.`,
      ];
    case "checksum":
      return [
        "This recovery key has a typing mistake, or it is something else: the characters do not fit together. I asked no server.",
      ];
  }
}

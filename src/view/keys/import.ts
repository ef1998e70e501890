import type { KeyFileMistake } from "../../platforms/key-files.ts";
import type { ImportResult } from "../../service/keys/results.ts";
import { notSignedIn } from "../account/reading.ts";
import type { Inline } from "../document/document.ts";
import { code, paragraph } from "../document/document.ts";
import type { Message } from "../document/message.ts";
import { alert, notice } from "../document/message.ts";
import { formatCount } from "../document/numbers.ts";
import { busyWithKeys, wasReadable } from "./opening.ts";
import { keyCount, replacedWork, workCommand } from "./work-words.ts";

type Started = Extract<ImportResult, { status: "started" }>;
type NotDownloaded = Extract<ImportResult, { status: "not_downloaded" }>["reason"];

/** Shown while the file is downloaded and opened. */
export function openingFile(): Message {
  return notice(paragraph("Opening your key file …"));
}

/** `!keys import` without a passphrase. */
export function importNeedsPassphrase(prefix: string): Message {
  return notice(
    paragraph("First send me the key file, in a direct chat with me. ", ...howToExport()),
    paragraph(
      "Then type ",
      code(workCommand("import", prefix)),
      " there, with the passphrase of the file. Nothing was changed.",
    ),
  );
}

/** How `!keys import` was given. */
export interface ImportView {
  /** Whether the message with the file was removed. Only for an import that has started. */
  isFileRemoved: boolean;
  /** Whether the chat is encrypted. */
  isEncrypted: boolean;
  prefix: string;
}

/** The answer to `!keys import`. */
export function importAnswer(result: ImportResult, view: ImportView): Message {
  const { prefix } = view;
  const again = code(workCommand("import", prefix));
  switch (result.status) {
    case "not_signed_in":
      return notSignedIn(result, prefix, "An import of keys");
    case "busy":
      return busyWithKeys(result.copy, prefix);
    case "no_file":
      return alert(
        paragraph(
          result.isReply
            ? "The message that you replied to has no file that I remember. I remember a file for an hour."
            : "You have sent me no file in this chat in the last hour.",
          " Nothing was changed.",
        ),
        paragraph("Please send me the key file here. ", ...howToExport(), " Then type ", again, "."),
      );
    case "not_downloaded":
      return alert(paragraph(downloadWords[result.reason], " Then type ", again, " again."));
    case "refused":
      return alert(paragraph(...mistakeWords(result.mistake, again)));
    case "empty":
      return alert(
        paragraph(
          "Your key file opens, but it has no key that an app can use. ",
          ...(result.badEntries === 0 ? [] : [`It has ${entries(result.badEntries)} that I can't read. `]),
          "Nothing was changed. ",
          ...howToExport(),
        ),
      );
    case "started":
      return started(result, view);
  }
}

function started(
  { keys, badEntries, replaced }: Started,
  { isFileRemoved, isEncrypted }: ImportView,
): Message {
  return notice(
    paragraph(
      `✅ Your key file is open: it has ${keyCount(keys)}. I add them to your new account now, and write to you when that is done.`,
      ...(badEntries === 0
        ? []
        : [` It has ${entries(badEntries)} more that no app can use; I leave them out.`]),
    ),
    ...replacedWork(replaced),
    isFileRemoved
      ? paragraph(
          "Your messages with the file and its passphrase are removed. Servers are asked to delete them, but can't be made to.",
        )
      : paragraph(
          "Your message with the passphrase is removed, but I could not remove the message with the file. Please delete it yourself.",
        ),
    ...(isEncrypted ? [] : [wasReadable("key file and its passphrase")]),
  );
}

function entries(count: number): string {
  return count === 1 ? "one entry" : `${formatCount(count)} entries`;
}

const TOO_LARGE = "This file is larger than 50 MB, and I read no larger ones. Nothing was changed.";

const downloadWords: Readonly<Record<NotDownloaded, string>> = {
  too_large: `${TOO_LARGE} Please import it in Element Web or Desktop with your new account, or send a smaller file.`,
  gone: "My server does not have the file any more, or does not give it to me. Nothing was changed. Please send it again.",
  damaged:
    "The file that my server gave me is another one than you sent: its checksum is different. Nothing was changed. Please send it again.",
  unreachable:
    "My server does not give me the file just now. Nothing was changed, and your file is still here. Please wait a few minutes.",
};

function mistakeWords(mistake: KeyFileMistake, again: Inline): Inline[] {
  switch (mistake) {
    case "not_a_key_file":
      return [
        "This file is not a key file. A key file begins with the line ",
        code("-----BEGIN MEGOLM SESSION DATA-----"),
        ". Nothing was changed. ",
        ...howToExport(),
        " Then send me that file, and type ",
        again,
        ".",
      ];
    case "cut_off":
      return [
        "This key file is cut off: its end is missing. Nothing was changed. Please export your keys again, send me the whole file, and type ",
        again,
        ".",
      ];
    case "wrong_passphrase_or_damaged":
      return [
        "The passphrase is wrong, or the file is damaged. Capital letters and spaces count. Nothing was changed, and your file is still here. Please try again: ",
        again,
        ".",
      ];
    case "not_a_list":
      return [
        "The passphrase is right, but the file has no list of keys in it. Nothing was changed. ",
        ...howToExport(),
        " Then send me that file, and type ",
        again,
        ".",
      ];
    case "too_large":
      return [`${TOO_LARGE} Please import it in Element Web or Desktop with your new account.`];
  }
}

function howToExport(): Inline[] {
  return [
    "Element Web or Desktop writes one with your old account: Settings → Encryption → Export keys. Element X can't.",
  ];
}

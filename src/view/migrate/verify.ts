import type { Category } from "../../model/categories.ts";
import type { KeysLeft } from "../../model/keys-left.ts";
import { keysLeft } from "../../model/keys-left.ts";
import type { Report } from "../../model/report.ts";
import type { VerifyResult } from "../../service/run/results.ts";
import { cannotDecide } from "../account/reading.ts";
import type { Block, Inline } from "../document/document.ts";
import { code, join, list, paragraph, strong } from "../document/document.ts";
import type { Message } from "../document/message.ts";
import { notice } from "../document/message.ts";
import { untrustedCode, untrustedText } from "../document/untrusted-text.ts";
import { jsonReport } from "../rooms/report-files.ts";
import { categoryWords } from "../words/category-words.ts";
import { keyCounts, missingKeys } from "../words/key-words.ts";
import { notMovedText } from "../words/not-moved.ts";
import { accountsOf } from "../words/run-words.ts";
import { unseenRooms } from "../words/unseen-rooms.ts";
import { givenUp, keptAnswer } from "./kept.ts";

const MAX_NAMES = 3;

/**
 * The answer to `!migrate verify`: what exists and what is missing, by category. A file has what
 * does not fit.
 */
export function verifyAnswer(result: VerifyResult, prefix: string): Message {
  switch (result.status) {
    case "no_plan":
      return notice(
        paragraph(
          "There is no plan yet, so there is nothing to compare with. ",
          code(`${prefix}migrate plan`),
          " makes one; it changes nothing.",
        ),
      );
    case "kept":
      return keptAnswer(result, prefix);
    case "given_up":
      return givenUp(result, prefix);
    case "not_signed_in":
    case "not_read":
      return cannotDecide(result, prefix, "A comparison");
    case "verified":
      return verified(result, prefix);
  }
}

function verified(
  { report, categories, notMoved, unseen }: Extract<VerifyResult, { status: "verified" }>,
  prefix: string,
): Message {
  const counts = categories.filter(({ name, expected }) => name !== "room_keys" && expected > 0);
  const keys = keysLeft(report);
  const looked = [
    ...counts.map(line),
    ...(keys.expected > 0 || keys.isUnreadable ? [lineOfKeys(report, keys)] : []),
  ];
  const isOnlyKeys = counts.every(({ missing }) => missing.length === 0);
  const toDo = missingKeys(report, prefix);
  const isAllThere = isOnlyKeys && toDo.length === 0;
  const isCut = categories.some(({ missing }) => missing.length > MAX_NAMES);
  return {
    ...notice(
      paragraph(
        strong("Compared "),
        ...(report.isFromFile
          ? [
              "your files of ",
              code(untrustedCode(report.source)),
              " with ",
              code(untrustedCode(report.target)),
            ]
          : accountsOf(report)),
        isAllThere && unseen.length === 0 ? ". ✅ Nothing is missing." : ". Nothing was changed.",
      ),
      ...(looked.length === 0 ? [] : [list(looked)]),
      ...unseenRooms(unseen, report.source),
      ...stays(notMovedText(notMoved), report),
      ...(toDo.length === 0 ? [] : [paragraph(...toDo)]),
      paragraph(...nextStep(isOnlyKeys, isCut, prefix)),
    ),
    ...(isCut && { attachments: [jsonReport(report, "verify.json")] }),
  };
}

function line({ name, expected, present, missing }: Category): Inline[] {
  const mark = missing.length === 0 ? "✅ " : "▫️ ";
  return [mark, strong(categoryWords[name]), `: ${present} of ${expected}`, ...missingNames(missing)];
}

/** Keys that no app can use are not missed. */
function lineOfKeys({ categories, keys }: Report, left: KeysLeft): Inline[] {
  const isComplete = left.toCopy === 0 && !left.isUnreadable;
  const missing = categories.find(({ name }) => name === "room_keys")?.missing ?? [];
  return [
    isComplete ? "✅ " : "▫️ ",
    strong(categoryWords.room_keys),
    keyCounts(left),
    ...(isComplete || keys?.kind !== "compared" ? [] : missingNames(missing)),
  ];
}

function missingNames(missing: readonly string[]): Inline[] {
  if (missing.length === 0) return [];
  const more = missing.length > MAX_NAMES ? ` and ${missing.length - MAX_NAMES} more` : "";
  return [
    ", missing ",
    ...join(
      missing.slice(0, MAX_NAMES).map((item) => code(untrustedCode(item, 120))),
      ", ",
    ),
    more,
  ];
}

function stays(sentences: readonly string[], { isFromFile }: Report): Block[] {
  if (sentences.length === 0) return [];
  return [
    paragraph(
      strong(
        `What ${isFromFile ? "I do not take from your files" : "stays with your old account"}, and is not counted`,
      ),
    ),
    list(sentences.map((sentence) => untrustedText(sentence, 400))),
  ];
}

function nextStep(isComplete: boolean, isCut: boolean, prefix: string): Inline[] {
  if (isComplete) return [code(`${prefix}report`), " lists every room that is not moved, with the reason."];
  return [
    ...(isCut ? ["The file names everything that is missing. "] : []),
    code(`${prefix}migrate plan`),
    " and then ",
    code(`${prefix}migrate start`),
    " move what can still be moved; ",
    code(`${prefix}report`),
    " says who can help with the rooms.",
  ];
}

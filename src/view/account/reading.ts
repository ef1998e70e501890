import type { Account, Side } from "../../model/account.ts";
import type { ReadProgress } from "../../platforms/reading.ts";
import type { AccountRefusal } from "../../platforms/sign-in.ts";
import type { Inline } from "../document/document.ts";
import { code, paragraph, strong } from "../document/document.ts";
import type { Message } from "../document/message.ts";
import { alert, notice } from "../document/message.ts";
import { untrustedCode } from "../document/untrusted-text.ts";
import { accountProblemSentence } from "../words/account-problem-words.ts";
import { refusalSentence, sideName, sideWord } from "./sign-in.ts";

/** Shown while both accounts are read. */
export function readingAccounts(): Message {
  return notice(paragraph("Reading both accounts …"));
}

/** The progress of reading one account. */
export function readingProgress({ serverName, read, total }: ReadProgress): Message {
  return notice(paragraph("Reading ", code(untrustedCode(serverName)), ` … ${read} of ${total} rooms`));
}

/**
 * The command needs both accounts.
 * @param what names what needs them, at the beginning of a sentence
 */
export function notSignedIn(missing: readonly Side[], prefix: string, what = "A plan"): Message {
  const [first] = missing;
  if (first === undefined) throw new Error("no account is missing");
  const which = missing.length === 2 ? "your two accounts" : `your ${sideName(first)}`;
  return notice(
    paragraph(`${what} needs ${which} first: `, code(`${prefix}login ${sideWord(first)} @you:server`), "."),
  );
}

/** Nothing was done: a filter names an alias whose server does not answer now. */
export function aliasUnanswered(alias: string): Message {
  return alert(
    paragraph(
      "I can't find out just now which room ",
      code(untrustedCode(alias)),
      " is: its server does not answer yours. Nothing was done. Please name the room by its ID or leave it out, or try again later.",
    ),
  );
}

/** An account could not be read, so there is no plan. */
export function unreadable(account: Account, refusal: AccountRefusal, prefix: string): Message {
  return alert(
    paragraph(
      "I could not read your ",
      strong(sideName(account.side)),
      " ",
      code(untrustedCode(account.userId)),
      ". ",
      ...unreadableWords(account, refusal, prefix),
    ),
  );
}

/** Why a signed-in account could not be read, and what helps. */
export function unreadableWords(
  { side, userId }: Account,
  refusal: AccountRefusal,
  prefix: string,
): Inline[] {
  if (refusal.code !== "session_ended") return refusalSentence(refusal, { side, userId, prefix });
  return [
    `${accountProblemSentence("session_ended")} Please sign in again: `,
    code(`${prefix}login ${sideWord(side)} ${untrustedCode(userId)}`),
    ".",
  ];
}

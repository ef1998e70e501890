import type { Account } from "../../model/account.ts";
import type { ReadProgress } from "../../platforms/reading.ts";
import type { AccountRefusal } from "../../platforms/sign-in.ts";
import type { CannotDecide, OldServerAnswers } from "../../service/plan/results.ts";
import type { Inline } from "../document/document.ts";
import { code, paragraph, strong } from "../document/document.ts";
import type { Message } from "../document/message.ts";
import { alert, notice } from "../document/message.ts";
import { formatDate } from "../document/time.ts";
import { untrustedCode } from "../document/untrusted-text.ts";
import { accountProblemSentence } from "../words/account-problem-words.ts";
import { filesInstead, isServerAway } from "./files-instead.ts";
import { refusalSentence, sideName, sideWord } from "./sign-in.ts";

type NotSignedIn = Extract<CannotDecide, { status: "not_signed_in" }>;
type NotRead = Extract<CannotDecide, { status: "not_read" }>;

/** Shown while both accounts are read. */
export function readingAccounts(): Message {
  return notice(paragraph("Reading both accounts …"));
}

/** Shown while the new account's server is asked about the rooms of a file. */
export function askingAboutRooms(serverName: string): Message {
  return notice(paragraph("Asking ", code(untrustedCode(serverName)), " about the rooms of your files …"));
}

/** How far the work is that comes before a decision. */
export function readingProgress(progress: ReadProgress): Message {
  const { read, total } = progress;
  if (progress.of === "servers")
    return notice(paragraph(`Looking which servers still exist: ${read} of ${total} …`));
  const server = code(untrustedCode(progress.serverName));
  const done = ` … ${read} of ${total} rooms`;
  return notice(
    progress.of === "file"
      ? paragraph("Asking ", server, ` about the rooms of your files${done}`)
      : paragraph("Reading ", server, done),
  );
}

/**
 * Why there is no decision about two accounts.
 * @param what names what needs it, at the beginning of a sentence
 */
export function cannotDecide(result: CannotDecide, prefix: string, what = "A plan"): Message {
  return result.status === "not_signed_in" ? notSignedIn(result, prefix, what) : unreadable(result, prefix);
}

/**
 * The command needs both accounts.
 * @param what names what needs them, at the beginning of a sentence
 */
export function notSignedIn(
  { missing, files }: Pick<NotSignedIn, "missing" | "files">,
  prefix: string,
  what: string,
): Message {
  const [first] = missing;
  if (first === undefined) throw new Error("no account is missing");
  const isOldMissing = missing.includes("source");
  if (isOldMissing && files?.kind === "imported")
    return notice(
      paragraph(
        "I know your old account ",
        code(untrustedCode(files.userId)),
        ` only from your files of ${formatDate(files.writtenAt)}. ${what} needs the account itself: `,
        code(`${prefix}login old ${untrustedCode(files.userId)}`),
        ".",
      ),
    );
  const which = missing.length === 2 ? "your two accounts" : `your ${sideName(first)}`;
  return notice(
    paragraph(`${what} needs ${which} first: `, code(`${prefix}login ${sideWord(first)} @you:server`), "."),
    ...(isOldMissing && files !== undefined ? [filesInstead(files, { isSignedIn: false, prefix })] : []),
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

/** The person has imported files of the old account, but its server answers. */
export function oldServerAnswers({ userId }: OldServerAnswers, prefix: string): Message {
  return alert(
    paragraph(
      "Good news: the server of your old account ",
      code(untrustedCode(userId)),
      " answers. Please sign in there first: ",
      code(`${prefix}login old ${untrustedCode(userId)}`),
      ". Nothing was done yet.",
    ),
    paragraph(
      "With the account itself I can move more than your files allow: closed rooms, power in rooms, settings, and the keys of encrypted history. It also proves that the account is yours.",
    ),
  );
}

/** An account could not be read, so there is no plan. */
export function unreadable(
  { account, refusal, files }: Pick<NotRead, "account" | "refusal" | "files">,
  prefix: string,
): Message {
  return alert(
    paragraph(
      "I could not read your ",
      strong(sideName(account.side)),
      " ",
      code(untrustedCode(account.userId)),
      ". ",
      ...unreadableWords(account, refusal, prefix),
    ),
    ...(files === undefined || account.side === "target" || !isServerAway(refusal)
      ? []
      : [filesInstead(files, { isSignedIn: true, prefix })]),
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

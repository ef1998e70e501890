import type { Account } from "../../model/account.ts";
import type { FinishState } from "../../model/finish-state.ts";
import type { SessionsPreview, SessionsResult } from "../../service/finish/move-ending.ts";
import { cannotDecide } from "../account/reading.ts";
import { refusalSentence, sideWord } from "../account/sign-in.ts";
import type { PreviewWords } from "../contact/question.ts";
import type { Block, Inline } from "../document/document.ts";
import { code, link, list, paragraph, strong } from "../document/document.ts";
import type { Message } from "../document/message.ts";
import { alert, notice } from "../document/message.ts";
import { counted } from "../document/numbers.ts";
import { formatTime } from "../document/time.ts";
import { untrustedCode } from "../document/untrusted-text.ts";
import { alreadyThere } from "../migrate/start.ts";
import { openLines } from "./checklist.ts";
import { otherAccounts } from "./end.ts";

/** What the end of all sessions of the old account means, and what is still open before it. */
export function sessionsPreview(
  { account, state, waiting }: Extract<SessionsPreview, { status: "possible" }>,
  prefix: string,
): PreviewWords {
  const open = openLines(state, prefix);
  const title = paragraph(
    strong("Shall I sign your old account out everywhere?"),
    " It is the last thing that I can do with it. Nothing was changed yet.",
  );
  return {
    all: [
      title,
      paragraph(
        code(untrustedCode(account.userId)),
        ` has ${sessionCount(state)}. All of them end, mine too.`,
      ),
      ...warnings(account, waiting.length > 0),
      ...(open.length === 0
        ? [paragraph("Nothing else is open.")]
        : [paragraph(strong("Still open, and not possible any more afterwards")), list(open)]),
    ],
    counts: [
      title,
      paragraph(
        `It has ${sessionCount(state)}. ${counted(open.length, "line")} of the checklist ${open.length === 1 ? "is" : "are"} still open.`,
      ),
    ],
  };
}

function sessionCount({ otherSessions }: FinishState): string {
  if (otherSessions === null) return "sessions that your server does not list just now";
  return otherSessions === 0 ? "no session but mine" : `${counted(otherSessions, "session")} besides mine`;
}

function warnings({ method }: Account, waitsForDay: boolean): Block[] {
  return [
    paragraph(
      strong("Keys that only those devices have are lost. "),
      "Messages that only they can read can't be read any more, unless the keys are in a backup.",
    ),
    ...(method === "token"
      ? [paragraph("The app whose token you gave me is signed out as well. Otherwise I never do that.")]
      : []),
    paragraph(
      "I then stop watching for people who let your new account in, and can't invite it from your old one any more.",
      ...(waitsForDay ? [" Messages that wait for the daily limit on new chats are not sent any more."] : []),
    ),
  ];
}

/** Why the question is not asked, or that it need not be asked. */
export function sessionsNotAsked(
  result: Exclude<SessionsPreview, { status: "possible" }>,
  prefix: string,
): Message {
  switch (result.status) {
    case "already":
      return notice(paragraph("Another task must end first. ", ...alreadyThere(result.run, prefix)));
    case "other_accounts":
      return otherAccounts(prefix, "finish sessions");
    case "on_page":
      return endedOnPage(result.page, prefix);
    case "signed_out":
      return signedOutBefore(result.state, prefix);
    case "not_signed_in":
    case "not_read":
      return cannotDecide(result, prefix, "The end of all sessions");
  }
}

/** What became of the sessions. */
export function sessionsAnswer(result: SessionsResult, prefix: string): Message {
  switch (result.status) {
    case "signed_out":
      return alert(
        paragraph(
          strong("Your old account is signed out everywhere. "),
          "I erased what I had of its session and don't watch its rooms any more.",
        ),
        paragraph(
          code(`${prefix}finish`),
          " shows what your servers said last. ",
          code(`${prefix}finish end`),
          " signs me out of your new account too.",
        ),
      );
    case "on_page":
      return endedOnPage(result.page, prefix);
    case "session_ended":
      return alert(
        paragraph(
          "My session of your old account has ended, so I could not sign it out everywhere. Sign in again with ",
          code(`${prefix}login ${sideWord("source")}`),
          ", or end its sessions in the settings of your app.",
        ),
      );
    case "not_done":
      return alert(
        paragraph(
          "I could not sign your old account out everywhere. ",
          ...refusalSentence(result.problem, { side: "source", userId: "", prefix }),
          " Try again: ",
          code(`${prefix}finish sessions`),
          ".",
        ),
      );
    case "already":
    case "other_accounts":
    case "not_signed_in":
    case "not_read":
      return sessionsNotAsked(result, prefix);
  }
}

function signedOutBefore({ signedOut }: FinishState, prefix: string): Message {
  const when = signedOut === null ? "" : ` on ${formatTime(signedOut.at)}`;
  return notice(
    paragraph(`Your old account was signed out everywhere${when}. Next: `, code(`${prefix}finish end`), "."),
  );
}

function endedOnPage(page: string | null, prefix: string): Message {
  const where: Inline[] =
    page === null
      ? ["in the settings of your app, under sessions."]
      : ["on the page of its server: ", link(page, page)];
  return notice(
    paragraph("The server of your old account lets only you end its sessions. You can do it ", ...where),
    paragraph(
      "Leave my session to the last: ",
      code(`${prefix}finish`),
      " shows what I can still do with it, and ",
      code(`${prefix}finish end`),
      " ends it.",
    ),
  );
}

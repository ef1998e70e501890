import type { FinishState } from "../../model/finish-state.ts";
import type { EndPreview, EndResult } from "../../service/finish/move-ending.ts";
import { endings } from "../account/accounts.ts";
import { cannotDecide } from "../account/reading.ts";
import { sideName } from "../account/sign-in.ts";
import type { PreviewWords } from "../contact/question.ts";
import type { Block } from "../document/document.ts";
import { code, list, paragraph, strong } from "../document/document.ts";
import type { Message } from "../document/message.ts";
import { alert, notice } from "../document/message.ts";
import { counted } from "../document/numbers.ts";
import { formatTime } from "../document/time.ts";
import { untrustedCode } from "../document/untrusted-text.ts";
import { alreadyThere } from "../migrate/start.ts";

/** What the end means. */
export function endPreview(
  { accounts, hasFiles, waiting }: Extract<EndPreview, { status: "possible" }>,
  prefix: string,
): PreviewWords {
  const title = paragraph(strong("Shall I end your move?"), " Nothing was changed yet.");
  const effects: Block[] = [
    paragraph(
      "I end my sessions, erase their secrets and what I have for work with your keys, and stop watching. A token that you gave me is yours: I forget it and do not log it out.",
    ),
    paragraph(
      strong("Late invitations are no longer taken up. "),
      "If somebody lets your new account in later, please accept it in your app.",
      ...(waiting.length > 0
        ? [" Messages that wait for the daily limit on new chats are not sent any more."]
        : []),
    ),
    ...(hasFiles ? [paragraph("I also erase what your files said about your old account.")] : []),
    paragraph("Your report stays until ", code(`${prefix}forget`), "."),
  ];
  return {
    all: [
      title,
      list(accounts.map(({ side, userId }) => [`your ${sideName(side)} `, code(untrustedCode(userId))])),
      ...effects,
    ],
    counts: [title, paragraph(`I am signed in to ${counted(accounts.length, "account")}.`), ...effects],
  };
}

/** Why the end is not asked about. */
export function endNotAsked(result: Exclude<EndPreview, { status: "possible" }>, prefix: string): Message {
  switch (result.status) {
    case "already":
      return notice(
        paragraph("I end nothing while a task is under way. ", ...alreadyThere(result.run, prefix)),
      );
    case "other_accounts":
      return otherAccounts(prefix, "finish end");
    case "nothing_to_end":
      return notice(
        paragraph(
          "I am signed in to none of your accounts, so there is nothing to end.",
          ...endedBefore(result.state),
        ),
      );
    case "not_signed_in":
    case "not_read":
      return cannotDecide(result, prefix, "The end");
  }
}

function endedBefore(state: FinishState | null): string[] {
  const endedAt = state?.endedAt ?? null;
  return endedAt === null ? [] : [` You ended your move on ${formatTime(endedAt)}.`];
}

/** What became of the sessions. */
export function endAnswer(result: EndResult, prefix: string): Message {
  if (result.status !== "ended") return endNotAsked(result, prefix);
  return alert(
    paragraph(strong("Your move is finished. "), "I am signed out, and watch nothing any more."),
    ...endings(result.signedOut, ({ userId }) => [" ", code(untrustedCode(userId))]),
    paragraph(
      code(`${prefix}report`),
      " still shows your report, ",
      code(`${prefix}forget`),
      " erases everything. ",
      code(`${prefix}finish close`),
      " says what to know before you close your old account.",
    ),
  );
}

/** Other accounts are signed in than those of the question. @param command to ask again */
export function otherAccounts(prefix: string, command: string): Message {
  return notice(
    paragraph(
      "Other accounts are signed in now than those that I asked about, so I did nothing. Give the command again if you still want it: ",
      code(`${prefix}${command}`),
      ".",
    ),
  );
}

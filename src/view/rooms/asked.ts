import type { Asked, AskResult } from "../../model/contact.ts";
import type { Inline } from "../document/document.ts";
import { person } from "../document/document.ts";
import { formatDay } from "../document/time.ts";
import { askWayWords } from "../words/ask-ways.ts";

/** The JSON report has all of them. */
const MAX_SHOWN = 3;

/** Who was asked about a room last, when and how, and what came of it. A sentence for each. */
export function askedSentences(asked: readonly Asked[]): Inline[] {
  return asked
    .slice(-MAX_SHOWN)
    .flatMap(({ userId, at, way, result }): Inline[] => [
      " Asked ",
      person(userId),
      ` on ${formatDay(Date.parse(at))} ${askWayWords[way]}: ${resultWords[result]}.`,
    ]);
}

const resultWords: Readonly<Record<AskResult, string>> = {
  sent: "no answer yet",
  refused: "takes no new chats",
  declined: "declined",
  let_in: "your new account is in",
};

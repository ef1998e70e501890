import type { StepProblem } from "../../model/step-outcome.ts";
import type { ChatDeed } from "../../platforms/runs.ts";
import type { Block, Inline } from "../document/document.ts";
import { code, cutList, paragraph, person, strong } from "../document/document.ts";

const MAX_LINES = 10;

/** With whom the new account has opened direct chats, and with whom it could not. */
export function openedChatBlocks(chats: readonly ChatDeed[]): Block[] {
  const opened = chats.filter(({ problem }) => problem === null);
  const others = chats.filter(({ problem }) => problem !== null);
  return [...listed("Direct chats opened", opened), ...listed("Not opened", others)];
}

/** What the people see, and how to write first. */
export function afterDirectChats(prefix: string): Inline[] {
  return [
    "The people find an invitation of your new account. When they accept it, you go on in your app. ",
    code(`${prefix}finish`),
    " shows what is left to do.",
  ];
}

function listed(title: string, chats: readonly ChatDeed[]): Block[] {
  if (chats.length === 0) return [];
  const lines = chats.map(({ userId, problem }): Inline[] => [
    person(userId),
    problem === null ? "" : `: ${problemWords(problem)}`,
  ]);
  return [paragraph(strong(`${title} (${chats.length})`)), cutList(lines, MAX_LINES)];
}

function problemWords({ code: problem }: StepProblem): string {
  switch (problem) {
    case "partner_refused":
      return "takes no invitation";
    case "unreachable_server":
      return "their server does not answer; you can try again tomorrow";
    case "gone":
      return "your new account has left the chat";
    default:
      return "the server refused";
  }
}

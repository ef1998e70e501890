import type { QuestionDeed } from "../../platforms/runs.ts";
import type { Block, Inline } from "../document/document.ts";
import { code, cutList, join, paragraph, person, strong } from "../document/document.ts";
import { counted } from "../document/numbers.ts";
import { askWayWords } from "../words/ask-ways.ts";

const MAX_LINES = 10;

/** Who was asked, and who could not be. */
export function questionBlocks(questions: readonly QuestionDeed[]): Block[] {
  const sent = questions.filter(({ result }) => result === "sent");
  const others = questions.filter(({ result }) => result !== "sent");
  return [...listed("Asked", sent), ...listed("Not asked", others)];
}

/** What to expect, and what to do if nobody answers. */
export function afterQuestions(prefix: string): Inline[] {
  return [
    "People may need some days. I keep watching: when somebody lets your new account in, I join by myself and tell you. ",
    code(`${prefix}report`),
    " shows who was asked. If nobody answers within a week, ",
    code(`${prefix}ask`),
    " asks the next ones.",
  ];
}

function listed(title: string, questions: readonly QuestionDeed[]): Block[] {
  if (questions.length === 0) return [];
  return [paragraph(strong(`${title} (${questions.length})`)), cutList(questions.map(line), MAX_LINES)];
}

function line({ userIds, way, rooms, result }: QuestionDeed): Inline[] {
  const about = `about ${counted(rooms, "room")}`;
  return [
    ...join(userIds.map(person), ", "),
    result === "sent" ? ` ${askWayWords[way]}, ${about}` : `, ${about}: ${whyNot(result)}`,
  ];
}

function whyNot(result: Exclude<QuestionDeed["result"], "sent">): string {
  switch (result) {
    case "not_needed":
      return "somebody has let your new account in already";
    case "partner_refused":
      return "takes no new chats";
    case "unreachable_server":
      return "their server does not answer";
    case "room_encrypted":
      return "the chat is encrypted now";
    case "room_grew":
      return "more people are there now";
    case "no_power":
      return "your account may not write there any more";
    default:
      return "the server refused";
  }
}

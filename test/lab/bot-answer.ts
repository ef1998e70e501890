import type { Person, SeenMessage } from "./person/person.ts";
import { textOf } from "./person/person.ts";

/** What the bot says while an answer that takes long is being made. */
const MEANWHILE = /^(?:Asking|Reading|Looking|Stopping)\b[^\n]* …/u;

/** How to wait for an answer. */
export interface AnswerOptions {
  botUserId: string;
  /** 60,000 by default. */
  timeoutMs?: number;
}

/**
 * Whether a message is an answer, and not what stands there until there is one: the answer takes
 * that one's place, or is a message of its own. Nor is a file one: it comes behind a message that
 * it belongs to, perhaps when something else was asked already.
 */
export function isWholeAnswer(message: SeenMessage): boolean {
  const isFile = message.content["filename"] !== undefined;
  return (
    message.type === "m.room.message" && !message.isRedacted && !isFile && !MEANWHILE.test(textOf(message))
  );
}

/** The bot's whole answer behind an event. */
export function answerBehind(
  person: Person,
  roomId: string,
  eventId: string,
  { botUserId, ...options }: AnswerOptions,
): Promise<SeenMessage> {
  const isAnswer = (message: SeenMessage): boolean =>
    isWholeAnswer(message) && !answersAnother(message, eventId);
  return person.waitForMessage(roomId, isAnswer, { from: botUserId, after: eventId, ...options });
}

/** Says something and resolves with the bot's whole answer. */
export async function askBot(
  person: Person,
  roomId: string,
  text: string,
  options: AnswerOptions,
): Promise<SeenMessage> {
  return answerBehind(person, roomId, await person.say(roomId, text), options);
}

/**
 * Whether a message quotes another command than this one. Two servers may order what was said at
 * one moment differently, so an answer to somebody else can stand behind an event that was sent
 * after it.
 */
function answersAnother({ relation }: SeenMessage, eventId: string): boolean {
  return relation?.type === "m.in_reply_to" && relation.eventId !== eventId;
}

import type { Person, SeenMessage } from "./person/person.ts";
import { textOf } from "./person/person.ts";

/** The bot's interim texts while a slow answer is being made: "Asking your servers …". */
const MEANWHILE = /^[A-Z][a-z]+ing\b[^\n]* …(?:$| \d+ of \d+ )/u;

/**
 * Whether a message was sent as an interim text. The answer may have replaced it before the
 * person's client shows it.
 */
export function wasInterim({ content }: SeenMessage): boolean {
  return MEANWHILE.test(String(content["body"]));
}

/** How to wait for an answer. */
export interface AnswerOptions {
  botUserId: string;
  /** Three minutes by default. */
  timeoutMs?: number;
}

/**
 * Whether a message is an answer and not an interim text, which the answer replaces or follows. A
 * file is no answer: it follows the message that it belongs to, perhaps after another question.
 */
export function isWholeAnswer(message: SeenMessage): boolean {
  const isFile = message.content["filename"] !== undefined;
  return (
    message.type === "m.room.message" && !message.isRedacted && !isFile && !MEANWHILE.test(textOf(message))
  );
}

/** The bot's whole answer after an event. */
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

/** Sends a text and resolves with the bot's whole answer. */
export async function askBot(
  person: Person,
  roomId: string,
  text: string,
  options: AnswerOptions,
): Promise<SeenMessage> {
  return answerBehind(person, roomId, await person.say(roomId, text), options);
}

/**
 * Whether a message quotes another command than this one. Two servers may order simultaneous events
 * differently, so an answer to somebody else can follow an event that was sent after it.
 */
function answersAnother({ relation }: SeenMessage, eventId: string): boolean {
  return relation?.type === "m.in_reply_to" && relation.eventId !== eventId;
}

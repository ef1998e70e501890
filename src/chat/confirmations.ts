import type { Logger } from "pino";
import type { IncomingText } from "../commands/dispatch.ts";
import type { ConfirmableActions, Conversation } from "../dialogue/conversation.ts";
import type { BotNames, MessageText } from "../grammar/address.ts";
import { commandLine, spokenText } from "../grammar/address.ts";
import type { CommandSpecification } from "../grammar/specification.ts";
import type { Question, Questions } from "../store/questions.ts";
import { onlyTyped, questionNotOpen } from "../view/dialogue/room-notes.ts";
import type { Conversations } from "./conversations.ts";
import type { Outbox } from "./outbox.ts";

/**
 * How long to wait for the event ID of a question: a reaction can arrive before the server has
 * answered the request that sent the question.
 */
const SENDING_TIMEOUT_MS = 60_000;

export interface ConfirmationsOptions {
  questions: Questions;
  outbox: Pick<Outbox, "waitFor">;
  names: BotNames;
  commands: readonly { specification: Pick<CommandSpecification, "words"> }[];
  actions: ConfirmableActions;
  isPermitted: (userId: string) => boolean;
  conversations: Pick<Conversations, "at">;
  now: () => number;
  log: Logger;
}

/** The part of a message that can answer a question. */
export interface PossibleAnswer extends MessageText {
  kind: IncomingText["kind"];
}

/**
 * Handles answers to the bot's questions: a tap on the reaction, or a word that the question names.
 * Only the person who was asked may answer, and only once. The question is closed for the answering
 * event before the action runs.
 */
export class Confirmations {
  readonly #options: ConfirmationsOptions;

  constructor(options: ConfirmationsOptions) {
    this.#options = options;
  }

  /**
   * @param conversation the conversation that the reaction starts
   * @param eventId the event that was reacted to
   */
  async onReaction(
    { address: { roomId, sender, roomKind, eventId: reactionId } }: Conversation,
    eventId: string,
  ): Promise<void> {
    const { conversations, isPermitted, now } = this.#options;
    if (roomKind === "other" || !isPermitted(sender)) return;
    const question = await this.#questionIn(eventId, { roomId, sender, reactionId });
    if (question?.address.sender !== sender) return;
    const cause = { kind: "event", id: reactionId } as const;
    const isOpen = question.closedAt === null && question.expiresAt > now();
    if (question.word === "" && isOpen) {
      const untaken = conversations.at(question.address, cause, { scope: "only typed" });
      await untaken.say(onlyTyped(question.typedWords), { key: "answer" });
      return;
    }
    const answer = { word: question.word, answeredBy: reactionId };
    const confirmed = conversations.at(question.address, cause, {
      scope: `confirmed ${question.transactionId}`,
    });
    if (question.word !== "" && (await this.#confirm(question, answer, confirmed))) return;
    const late = conversations.at(question.address, cause, { scope: "late" });
    await late.say(questionNotOpen(), { key: "answer" });
  }

  /** Returns whether the message was the word of an open question and was handled as its answer. */
  async onText(text: PossibleAnswer, conversation: Conversation): Promise<boolean> {
    const { questions, names, isPermitted, now } = this.#options;
    const { sender, roomId, eventId, roomKind } = conversation;
    if (text.kind !== "text" || roomKind === "other" || !isPermitted(sender)) return false;
    const question = await questions.answerable(sender, roomId, eventId, now());
    const word = spokenText(text, names).toLowerCase().replaceAll(/\s+/gu, " ");
    if (question === null || word === "" || ![question.word, ...question.typedWords].includes(word))
      return false;
    // A person who writes "!ask" again wants to see the preview again.
    if (this.#isCommand(word) && commandLine(text, names) !== null) return false;
    return this.#confirm(question, { word, answeredBy: eventId }, conversation);
  }

  #isCommand(word: string): boolean {
    return this.#options.commands.some(({ specification: { words } }) => words.join(" ") === word);
  }

  async #confirm(
    { transactionId, action, payload, shown }: Question,
    { word, answeredBy }: { word: string; answeredBy: string },
    conversation: Conversation,
  ): Promise<boolean> {
    const { questions, actions, now, log } = this.#options;
    if (!(await questions.close(transactionId, answeredBy, now()))) return false;
    log.info({ action }, "a question was confirmed");
    const run = Object.hasOwn(actions, action) ? actions[action] : undefined;
    if (run === undefined) throw new Error(`unknown action: ${action}`);
    await run({ word, payload, shown }, conversation);
    return true;
  }

  /**
   * The question in an event. If the store does not yet know the event ID of the open question,
   * waits until it is sent.
   */
  async #questionIn(
    eventId: string,
    { roomId, sender, reactionId }: { roomId: string; sender: string; reactionId: string },
  ): Promise<Question | null> {
    const { questions, outbox, now } = this.#options;
    const known = await questions.ofEvent(roomId, eventId);
    if (known) return known;
    const open = await questions.answerable(sender, roomId, reactionId, now());
    if (!open) return null;
    const result = await outbox.waitFor(open.transactionId, SENDING_TIMEOUT_MS);
    return result?.status === "sent" && result.eventId === eventId ? open : null;
  }
}

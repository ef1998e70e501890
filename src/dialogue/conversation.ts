import type { CommandSpecification, CommandValues } from "../grammar/specification.ts";
import type { ConversationAddress, RoomKind } from "../model/conversation-address.ts";
import type { Attachment, Message } from "../view/document/message.ts";

/** One incoming message and how to answer it. Answers go to the room and thread of the message. */
export interface Conversation {
  readonly sender: string;
  readonly roomId: string;
  readonly eventId: string;
  readonly roomKind: RoomKind;
  readonly isEncrypted: boolean;
  /** The message that the incoming one replies to; `null` if it is no reply. */
  readonly inReplyTo: string | null;
  /** Rooms in which people talk to the bot: this one and the control rooms. */
  readonly botRoomIds: readonly string[];
  /** With this address the bot can write here later (`Chat.conversationAt`). */
  readonly address: ConversationAddress;
  /** @param options without them, the message is the next one of the answer */
  say(message: Message, options?: SayOptions): Promise<void>;
  /**
   * Says something to the sender in a direct chat, where nobody else reads it. False if the bot has
   * no direct chat with them.
   */
  sayInDirectChat(message: Message, options: Pick<SayOptions, "key">): Promise<boolean>;
  /**
   * Asks the sender to confirm. The action runs once they have, in this process or a later one. The
   * question replaces an open question to the same person in this room.
   */
  ask(question: Message, confirmation: Confirmation): Promise<void>;
  /**
   * Sends a file in a message of its own, and waits until the server has it. False if it was not
   * sent: the room is not encrypted or the server refuses.
   * @param options.isPlainAllowed whether the room need not be encrypted
   * @throws the reason of the signal, if it is aborted; the file is then still to be sent
   */
  sendFile(
    file: Attachment,
    options: { key: string; isPlainAllowed: boolean; signal: AbortSignal },
  ): Promise<boolean>;
  /** Redacts the incoming message. False if the server did not do it. */
  redact(reason: string): Promise<boolean>;
  /** Redacts another message of the sender in this room. False if the server did not do it. */
  redactOther(eventId: string, reason: string): Promise<boolean>;
}

/**
 * The minimum time between two edits of a progress message. Each edit stays in the room's history
 * and counts against the bot's own rate limit (view/README.md, "Edits").
 */
export const EDIT_EVERY_MS = 5_000;

/**
 * How a message is sent.
 * - `key` identifies a message of this conversation. If a crash makes a command run twice, a key
 *   that was already sent is not sent again.
 * - `replaces` is the key of the message that this one edits.
 * - `numberedRooms` are the rooms of the numbered list in the message. Once it is sent, `#1` is the
 *   first of them. A message without rooms leaves the last list as it is.
 * - `leavesNoTrace` deletes the message from the store once it is sent, because its reader is being
 *   forgotten.
 */
export interface SayOptions {
  key: string;
  replaces?: string;
  /** Progress messages are sent after redactions and answers. */
  priority?: "progress";
  /** The earliest time to send it, in milliseconds since the epoch. */
  notBefore?: number;
  numberedRooms?: readonly string[];
  leavesNoTrace?: boolean;
}

/** What happens when a question is confirmed. */
export interface Confirmation {
  /**
   * The word that can be typed instead of the reaction, in lower case; `null`: the question gets no
   * reaction, because only a typed word answers it. A person who adds one is told the word.
   */
  word: string | null;
  /** Answers that count only when they are typed, in lower case. */
  typedWords?: readonly string[];
  /** As in `SayOptions`. */
  numberedRooms?: readonly string[];
  /** A name in `ConfirmableActions`. */
  action: string;
  /** Passed to the action; stored as JSON until then. */
  payload: unknown;
  /**
   * A digest of everything that the question shows. The action compares it with the facts at the
   * time of the answer, and asks again if they differ.
   */
  shown: string;
}

/** The answer of a person to a question. */
export interface Answer {
  /** The word of the question that was chosen, by a reaction or typed. */
  word: string;
  payload: unknown;
  /** As in the `Confirmation`; empty in questions of versions that did not store it. */
  shown: string;
}

/**
 * Actions that need a confirmation, by name. A crash can run an action twice, like a command, so
 * each must be safe to repeat.
 */
export type ConfirmableActions = Readonly<
  Record<string, (answer: Answer, conversation: Conversation) => Promise<void>>
>;

/** A command: its specification, and what it does. */
export interface Command {
  readonly specification: CommandSpecification;
  /**
   * True: people whom the operator no longer permits can still give it, as long as the bot stores
   * something about them.
   */
  readonly isOpenToFormer?: true;
  run(call: CommandValues, conversation: Conversation): Promise<void>;
}

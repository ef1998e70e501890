import type { ConversationAddress, RoomKind } from "../model/conversation-address.ts";
import type { Message } from "../view/document/message.ts";
import type { CommandSpecification, CommandValues } from "../grammar/specification.ts";

/**
 * One incoming message and the ways to answer it. Answers come where the message stands: in its
 * room and thread.
 */
export interface Conversation {
  readonly sender: string;
  readonly roomId: string;
  readonly eventId: string;
  readonly roomKind: RoomKind;
  readonly isEncrypted: boolean;
  /** Rooms in which people talk with the bot: this one and the control rooms. */
  readonly botRoomIds: readonly string[];
  /** By which the conversation is gone on with later (`Chat.conversationAt`). */
  readonly address: ConversationAddress;
  /** @param options see `SayOptions`; without them a message is the next one of the answer. */
  say(message: Message, options?: SayOptions): Promise<void>;
  /**
   * Asks for a confirmation of the sender; with it, in this process or a later one, the action
   * runs. It takes the place of an open question of theirs here.
   */
  ask(question: Message, confirmation: Confirmation): Promise<void>;
  /** Redacts the message itself. False when the server did not do it. */
  redact(reason: string): Promise<boolean>;
}

/**
 * An answer is found again by its key when a crash makes a command run twice: what was said under a
 * key is not said again. `replaces` names the key of the message that this one takes the place of
 * (an edit). With `leavesNoTrace` the store keeps nothing of a message once it is sent: its reader
 * is forgotten.
 */
export interface SayOptions {
  key: string;
  replaces?: string;
  /** Behind redactions and answers: how far something is. */
  priority?: "progress";
  /** Sent no earlier than then, in milliseconds since the epoch. */
  notBefore?: number;
  leavesNoTrace?: boolean;
}

/** What a yes to a question sets going. */
export interface Confirmation {
  /** The word to type in place of the reaction, in lower case. */
  word: string;
  /** A name in `ConfirmableActions`. */
  action: string;
  /** Given to the action, kept as JSON meanwhile. */
  payload: unknown;
}

/**
 * What may be done after a confirmation, by name. As with a command, a crash makes one run again:
 * each must bear that.
 */
export type ConfirmableActions = Readonly<
  Record<string, (payload: unknown, conversation: Conversation) => Promise<void>>
>;

/** A command: what it looks like, and what it does. */
export interface Command {
  readonly specification: CommandSpecification;
  run(call: CommandValues, conversation: Conversation): Promise<void>;
}

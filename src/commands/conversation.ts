import type { Message } from "../view/message.ts";
import type { CommandSpecification, CommandValues } from "./specification.ts";

/** Where a message was written: a chat with the bot alone, a control room, or another room, in which the bot does nothing. */
export type RoomKind = "direct" | "control" | "other";

/** One incoming message and the ways to answer it. Answers come where the message stands: in its room and thread. */
export interface Conversation {
  readonly sender: string;
  readonly roomId: string;
  readonly eventId: string;
  readonly roomKind: RoomKind;
  readonly isEncrypted: boolean;
  /** Rooms in which people talk with the bot: this one and the control rooms. */
  readonly botRoomIds: readonly string[];
  /** @param options see `SayOptions`; without them a message is the next one of the answer. */
  say(message: Message, options?: SayOptions): Promise<void>;
  /** Redacts the message itself. False when the server did not do it. */
  redact(reason: string): Promise<boolean>;
}

/**
 * An answer is found again by its key when a crash makes a command run twice: what was said under a key is not said again. `replaces` names the key of
 * the message that this one takes the place of (an edit). With `leavesNoTrace` the store keeps nothing of a message once it is sent: its reader is forgotten.
 */
export interface SayOptions {
  key: string;
  replaces?: string;
  leavesNoTrace?: boolean;
}

/** A command: what it looks like, and what it does. */
export interface Command {
  readonly specification: CommandSpecification;
  run(call: CommandValues, conversation: Conversation): Promise<void>;
}

import type { Conversation } from "../dialogue/conversation.ts";
import type { ConversationAddress } from "../model/conversation-address.ts";
import type { Cause } from "../store/cause.ts";
import type { Questions } from "../store/questions.ts";
import type { RoomEvent } from "../store/received-events.ts";
import type { RoomConversationOptions } from "./conversation.ts";
import { RoomConversation } from "./conversation.ts";
import type { Outbox } from "./outbox.ts";
import type { Rooms } from "./rooms/rooms.ts";

export interface ConversationsOptions {
  outbox: Pick<Outbox, "add" | "waitFor">;
  questions: Questions;
  controlRoomIds: ReadonlySet<string>;
  rooms: Pick<Rooms, "kind">;
  /** As in `RoomConversationOptions`. */
  directChatOf: RoomConversationOptions["directChatOf"];
  /** Called before the conversation, so that messages that waited for a chat come first. */
  onDirectChat: (roomId: string, userId: string, cause: Cause) => Promise<void>;
  now: () => number;
}

/** Opens conversations: for an event that has just arrived, or at the address of an earlier one. */
export class Conversations {
  readonly #options: ConversationsOptions;

  constructor(options: ConversationsOptions) {
    this.#options = options;
  }

  /**
   * @param cause why something is said there
   * @param options as in `RoomConversationOptions`
   */
  at(
    address: ConversationAddress,
    cause: Cause,
    options: Pick<RoomConversationOptions, "scope" | "inReplyTo" | "beforeSaying"> = {},
  ): Conversation {
    const { outbox, questions, controlRoomIds, directChatOf, now } = this.#options;
    return new RoomConversation({
      outbox,
      questions,
      controlRoomIds,
      directChatOf,
      address,
      cause,
      ...options,
      now,
    });
  }

  /**
   * The conversation that an event starts. Asks the server for the members and the access of its
   * room, unless they are known.
   * @param beforeSaying called before something is said in it; its error refuses that
   */
  async forEvent(
    roomId: string,
    event: RoomEvent,
    {
      threadRoot,
      inReplyTo,
      beforeSaying,
    }: { threadRoot: string | null; inReplyTo: string | null; beforeSaying: () => void },
  ): Promise<Conversation> {
    const { rooms, onDirectChat } = this.#options;
    const cause = { kind: "event", id: event.event_id } as const;
    const roomKind = await rooms.kind(roomId);
    if (roomKind === "direct") await onDirectChat(roomId, event.sender, cause);
    const address: ConversationAddress = {
      roomId,
      eventId: event.event_id,
      threadRoot,
      roomKind,
      sender: event.sender,
      isEncrypted: event.wasEncrypted === true,
    };
    return this.at(address, cause, { inReplyTo, beforeSaying });
  }
}

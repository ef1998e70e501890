import type { Conversation, RoomKind, SayOptions } from "../commands/conversation.ts";
import type { RoomEvent } from "../store/received-events.ts";
import { outboxPriority } from "../store/outbox-items.ts";
import type { Message } from "../view/message.ts";
import { fileContent, messageContent } from "../view/message.ts";
import { paginate } from "../view/paging.ts";
import type { Outbox } from "./outbox.ts";

/** How long a command waits for its message to be redacted before it gives up on the secret in it. */
const REDACTION_TIMEOUT_MS = 20_000;

export interface RoomConversationOptions {
  outbox: Outbox;
  roomId: string;
  roomKind: RoomKind;
  isEncrypted: boolean;
  controlRoomIds: ReadonlySet<string>;
  event: RoomEvent;
  threadRoot: string | null;
}

/**
 * The conversation that one message begins. Everything said in it is stored under a transaction ID made of the message's ID and the answer's key, so
 * that handling the same message again after a crash says nothing twice.
 */
export class RoomConversation implements Conversation {
  readonly sender: string;
  readonly roomId: string;
  readonly eventId: string;
  readonly roomKind: RoomKind;
  readonly isEncrypted: boolean;
  readonly botRoomIds: readonly string[];
  readonly #outbox: Outbox;
  readonly #threadRoot: string | null;
  #said = 0;

  constructor({ outbox, roomId, roomKind, isEncrypted, controlRoomIds, event, threadRoot }: RoomConversationOptions) {
    this.#outbox = outbox;
    this.#threadRoot = threadRoot;
    this.roomId = roomId;
    this.roomKind = roomKind;
    this.isEncrypted = isEncrypted;
    this.botRoomIds = [...new Set([roomId, ...controlRoomIds])];
    this.sender = event.sender;
    this.eventId = event.event_id;
  }

  async say(message: Message, options: SayOptions = { key: String(this.#said++) }): Promise<void> {
    const forUser = options.leavesNoTrace === true ? null : this.sender;
    for (const [page, part] of paginate(message).entries()) {
      const transactionId = this.#transactionId(`${options.key}.${page}`);
      const replaces = page === 0 ? options.replaces : undefined;
      await this.#outbox.add({
        transactionId,
        roomId: this.roomId,
        forUser,
        kind: "message",
        content: { ...messageContent(part, [this.sender]), ...this.#relation() },
        priority: outboxPriority.answer,
        ...(replaces !== undefined && { edits: this.#transactionId(`${replaces}.0`) }),
      });
      for (const [index, attachment] of (part.attachments ?? []).entries()) {
        await this.#outbox.add({
          transactionId: `${transactionId}.file${index}`,
          roomId: this.roomId,
          forUser,
          kind: "message",
          content: { ...fileContent(attachment), ...this.#relation() },
          attachment: attachment.bytes,
          priority: outboxPriority.answer,
        });
      }
    }
  }

  async redact(reason: string): Promise<boolean> {
    const transactionId = this.#transactionId("redaction");
    await this.#outbox.add({
      transactionId,
      roomId: this.roomId,
      forUser: this.sender,
      kind: "redaction",
      content: { redacts: this.eventId, reason },
      priority: outboxPriority.redaction,
    });
    const result = await this.#outbox.waitFor(transactionId, REDACTION_TIMEOUT_MS);
    return result?.status === "sent";
  }

  #transactionId(part: string): string {
    return `${this.eventId} ${part}`;
  }

  /** Answers stay in the thread of the command; where several people talk, they quote it. */
  #relation(): Record<string, unknown> {
    const reply = { "m.in_reply_to": { event_id: this.eventId } };
    if (this.#threadRoot !== null)
      return { "m.relates_to": { rel_type: "m.thread", event_id: this.#threadRoot, is_falling_back: true, ...reply } };
    return this.roomKind === "direct" ? {} : { "m.relates_to": reply };
  }
}

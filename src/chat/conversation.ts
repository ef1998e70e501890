import type { Confirmation, Conversation, SayOptions } from "../dialogue/conversation.ts";
import type { ConversationAddress, RoomKind } from "../model/conversation-address.ts";
import type { Cause } from "../store/cause.ts";
import { outboxPriority } from "../store/outbox-item.ts";
import type { Questions } from "../store/questions.ts";
import type { Attachment, Message } from "../view/document/message.ts";
import { fileContent, messageContent } from "../view/document/message.ts";
import { paginate } from "../view/document/paging.ts";
import { CONFIRMING_KEY } from "./confirming-reaction.ts";
import type { Outbox } from "./outbox.ts";

/**
 * How long a command waits for the redaction of its message. After that it does not use the secret.
 */
const REDACTION_TIMEOUT_MS = 20_000;
/** The time after which the wait for a file checks its signal again. */
const FILE_LOOK_MS = 1_000;

export interface RoomConversationOptions {
  outbox: Pick<Outbox, "add" | "waitFor">;
  questions: Questions;
  controlRoomIds: ReadonlySet<string>;
  /** The direct chat of the bot with a person; `null` for none. */
  directChatOf: (userId: string) => Promise<string | null>;
  address: ConversationAddress;
  /** Why something is said in it. */
  cause: Cause | null;
  /** Separates the keys of this conversation from keys already used at the same address. */
  scope?: string;
  /** The message that the one of the address replies to. */
  inReplyTo?: string | null;
  /** Called before something is said, which it may refuse by an error. */
  beforeSaying?: () => void;
  now: () => number;
}

/**
 * The conversation that a message starts. Every answer is stored under a transaction ID made of the
 * message's ID and the answer's key. So handling the same message again after a crash sends nothing
 * twice.
 */
export class RoomConversation implements Conversation {
  readonly address: ConversationAddress;
  readonly inReplyTo: string | null;
  readonly botRoomIds: readonly string[];
  readonly #options: RoomConversationOptions;
  readonly #outbox: RoomConversationOptions["outbox"];
  readonly #questions: Questions;
  readonly #cause: Cause | null;
  readonly #scope: string;
  readonly #now: () => number;
  readonly #beforeSaying: (() => void) | undefined;
  #said = 0;

  constructor(options: RoomConversationOptions) {
    const { outbox, questions, controlRoomIds, address, cause, scope, beforeSaying, now } = options;
    this.#options = options;
    this.inReplyTo = options.inReplyTo ?? null;
    this.#outbox = outbox;
    this.#questions = questions;
    this.#cause = cause;
    this.#scope = scope === undefined ? "" : `${scope} `;
    this.#beforeSaying = beforeSaying;
    this.#now = now;
    this.address = address;
    this.botRoomIds = [...new Set([address.roomId, ...controlRoomIds])];
  }

  get sender(): string {
    return this.address.sender;
  }

  get roomId(): string {
    return this.address.roomId;
  }

  get eventId(): string {
    return this.address.eventId;
  }

  get roomKind(): RoomKind {
    return this.address.roomKind;
  }

  get isEncrypted(): boolean {
    return this.address.isEncrypted;
  }

  async say(message: Message, options: SayOptions = { key: String(this.#said++) }): Promise<void> {
    this.#beforeSaying?.();
    const forUser = options.leavesNoTrace === true ? null : this.sender;
    const priority = outboxPriority[options.priority ?? "answer"];
    const cause = this.#cause;
    const isPrivate = this.roomKind === "direct";
    const pages = paginate(message);
    for (const [page, part] of pages.entries()) {
      const transactionId = this.#transactionId(`${options.key}.${page}`);
      const replaces = page === 0 ? options.replaces : undefined;
      const numberedRooms = page === pages.length - 1 ? (options.numberedRooms ?? []) : [];
      await this.#outbox.add({
        transactionId,
        roomId: this.roomId,
        forUser,
        cause,
        isPrivate,
        ...(numberedRooms.length > 0 && { numberedRooms }),
        kind: "message",
        content: { ...messageContent(part, [this.sender]), ...this.#relation() },
        priority,
        ...(options.notBefore !== undefined && { notBefore: options.notBefore }),
        ...(replaces !== undefined && { edits: this.#transactionId(`${replaces}.0`) }),
      });
      for (const [index, attachment] of (part.attachments ?? []).entries()) {
        await this.#outbox.add({
          transactionId: `${transactionId}.file${index}`,
          roomId: this.roomId,
          forUser,
          cause,
          isPrivate,
          kind: "message",
          content: { ...fileContent(attachment), ...this.#relation() },
          attachment: attachment.bytes,
          priority,
        });
      }
    }
  }

  async sayInDirectChat(message: Message, { key }: Pick<SayOptions, "key">): Promise<boolean> {
    const roomId = await this.#options.directChatOf(this.sender);
    if (roomId === null) return false;
    const address: ConversationAddress = { ...this.address, roomId, roomKind: "direct", threadRoot: null };
    await new RoomConversation({ ...this.#options, address }).say(message, { key: `direct ${key}` });
    return true;
  }

  /** Stores the question before it is sent: a person who sees it can answer it. */
  async ask(
    question: Message,
    { word, typedWords = [], numberedRooms = [], action, payload, shown }: Confirmation,
  ): Promise<void> {
    // The reaction is added to the last page, which is nearest to the reader.
    const lastPage = paginate(question).length - 1;
    const transactionId = this.#transactionId(`question.${lastPage}`);
    const asked = { transactionId, address: this.address, typedWords, action, payload, shown };
    await this.#questions.put({ ...asked, word: word ?? "" }, this.#cause, this.#now());
    await this.say(question, { key: "question", numberedRooms });
    if (word === null) return;
    await this.#outbox.add({
      transactionId: this.#transactionId("reaction"),
      roomId: this.roomId,
      forUser: this.sender,
      cause: this.#cause,
      kind: "reaction",
      content: { to: transactionId, key: CONFIRMING_KEY },
      priority: outboxPriority.answer,
    });
  }

  async sendFile(
    file: Attachment,
    { key, isPlainAllowed, signal }: Parameters<Conversation["sendFile"]>[1],
  ): Promise<boolean> {
    this.#beforeSaying?.();
    const transactionId = this.#transactionId(key);
    await this.#outbox.add({
      transactionId,
      roomId: this.roomId,
      forUser: this.sender,
      cause: this.#cause,
      isPrivate: this.roomKind === "direct",
      isOnlyEncrypted: !isPlainAllowed,
      kind: "message",
      content: { ...fileContent(file), ...this.#relation() },
      attachment: file.bytes,
      priority: outboxPriority.answer,
    });
    for (;;) {
      signal.throwIfAborted();
      const result = await this.#outbox.waitFor(transactionId, FILE_LOOK_MS);
      if (result !== null) return result.status === "sent";
    }
  }

  redact(reason: string): Promise<boolean> {
    return this.#redact(this.eventId, reason, "redaction");
  }

  redactOther(eventId: string, reason: string): Promise<boolean> {
    return this.#redact(eventId, reason, `redaction of ${eventId}`);
  }

  async #redact(redacts: string, reason: string, key: string): Promise<boolean> {
    const transactionId = this.#transactionId(key);
    await this.#outbox.add({
      transactionId,
      roomId: this.roomId,
      forUser: this.sender,
      cause: this.#cause,
      kind: "redaction",
      content: { redacts, reason },
      priority: outboxPriority.redaction,
    });
    const result = await this.#outbox.waitFor(transactionId, REDACTION_TIMEOUT_MS);
    return result?.status === "sent";
  }

  #transactionId(part: string): string {
    return `${this.eventId} ${this.#scope}${part}`;
  }

  /** Answers stay in the thread of the command. In rooms with several people they reply to it. */
  #relation(): Record<string, unknown> {
    const { threadRoot } = this.address;
    const reply = { "m.in_reply_to": { event_id: this.eventId } };
    if (threadRoot !== null)
      return {
        "m.relates_to": { rel_type: "m.thread", event_id: threadRoot, is_falling_back: true, ...reply },
      };
    return this.roomKind === "direct" ? {} : { "m.relates_to": reply };
  }
}

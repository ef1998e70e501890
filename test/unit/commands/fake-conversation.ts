import type { Confirmation, Conversation, SayOptions } from "../../../src/dialogue/conversation.ts";
import type { ConversationAddress, RoomKind } from "../../../src/model/conversation-address.ts";
import type { Attachment, Message } from "../../../src/view/document/message.ts";
import { renderPlainText } from "../../../src/view/document/plain-text.ts";

export interface Said {
  text: string;
  tone: Message["tone"];
  options: SayOptions | undefined;
}

/** A conversation that records what is said in it. */
export class FakeConversation implements Conversation {
  readonly sender: string = "@me:example.org";
  readonly roomId = "!room:example.org";
  readonly eventId = "$event";
  readonly roomKind: RoomKind;
  readonly isEncrypted: boolean;
  readonly inReplyTo: string | null;
  readonly botRoomIds: readonly string[] = [];
  readonly said: Said[] = [];
  /** Answers to a command in a control room that went to the direct chat. */
  readonly saidInDirectChat: string[] = [];
  /** The confirmations that were asked for. Their questions are in `said`. */
  readonly asked: Confirmation[] = [];
  /** What happened, in order. */
  readonly happened: string[] = [];
  #canRedact: boolean;
  readonly #hasDirectChat: boolean;

  constructor({
    roomKind = "direct",
    canRedact = true,
    isEncrypted = true,
    inReplyTo = null,
    hasDirectChat = true,
  }: {
    roomKind?: RoomKind;
    canRedact?: boolean;
    isEncrypted?: boolean;
    inReplyTo?: string | null;
    hasDirectChat?: boolean;
  } = {}) {
    this.roomKind = roomKind;
    this.isEncrypted = isEncrypted;
    this.inReplyTo = inReplyTo;
    this.#canRedact = canRedact;
    this.#hasDirectChat = hasDirectChat;
  }

  get text(): string {
    return this.said.map(({ text }) => text).join("\n");
  }

  async say({ document, tone }: Message, options?: SayOptions): Promise<void> {
    this.said.push({ text: renderPlainText(document), tone, options });
    this.happened.push("say");
  }

  get address(): ConversationAddress {
    const { roomId, eventId, roomKind, sender, isEncrypted } = this;
    return { roomId, eventId, threadRoot: null, roomKind, sender, isEncrypted };
  }

  async sayInDirectChat({ document }: Message): Promise<boolean> {
    if (this.#hasDirectChat) this.saidInDirectChat.push(renderPlainText(document));
    return this.#hasDirectChat;
  }

  async ask(question: Message, confirmation: Confirmation): Promise<void> {
    this.asked.push(confirmation);
    await this.say(question, { key: "question" });
  }

  async sendFile({ fileName }: Attachment): Promise<boolean> {
    this.happened.push(`send ${fileName}`);
    return true;
  }

  async redact(): Promise<boolean> {
    this.happened.push("redact");
    return this.#canRedact;
  }

  async redactOther(eventId: string): Promise<boolean> {
    this.happened.push(`redact ${eventId}`);
    return this.#canRedact;
  }
}

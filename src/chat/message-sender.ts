import type { OutboxItem, OutboxResult } from "../store/outbox-item.ts";
import type { OutboxItems } from "../store/outbox-items.ts";
import { editContent } from "../view/document/message.ts";

/** The part of matrix-bot-sdk's client that sends. */
export interface SendingClient {
  doRequest(
    method: string,
    path: string,
    query: Record<string, unknown> | null,
    body: unknown,
  ): Promise<unknown>;
  uploadContent(bytes: Buffer, mimeType?: string, fileName?: string): Promise<string>;
  readonly encryption: {
    /** Rejects if the server did not answer. */
    isEncrypted(roomId: string): Promise<boolean>;
  };
  readonly crypto: {
    encryptRoomEvent(roomId: string, type: string, content: unknown): Promise<unknown>;
    encryptMedia(bytes: Buffer): Promise<{ buffer: Buffer; file: object }>;
  };
}

/**
 * Makes the requests that send one item. Every try of an item uses the item's stored transaction
 * ID, so the server answers a repeated request with the event that the first one made (CS API
 * §Transaction identifiers).
 */
export class MessageSender {
  readonly #items: Pick<OutboxItems, "sentAs" | "setContent">;
  readonly #client: SendingClient;

  constructor(items: Pick<OutboxItems, "sentAs" | "setContent">, client: SendingClient) {
    this.#items = items;
    this.#client = client;
  }

  /** Fails for a reaction to a message that was not sent, and where it may not be sent. */
  async send(item: OutboxItem): Promise<OutboxResult> {
    if (item.isOnlyEncrypted === true && !(await this.#isEncrypted(item.roomId)))
      return { status: "failed", failure: "not encrypted" };
    const eventId = await this.#send(item);
    return eventId === null
      ? { status: "failed", failure: "nothing to react to" }
      : { status: "sent", eventId };
  }

  /** @returns the ID of the event; null for a reaction to a message that was not sent */
  async #send(item: OutboxItem): Promise<string | null> {
    if (item.kind === "reaction") return this.#react(item);
    const room = `/_matrix/client/v3/rooms/${encodeURIComponent(item.roomId)}`;
    const transaction = encodeURIComponent(item.transactionId);
    if (item.kind === "redaction") {
      const { redacts, reason } = item.content;
      return this.#put(`${room}/redact/${encodeURIComponent(String(redacts))}/${transaction}`, { reason });
    }
    const content = await this.#finishContent(item);
    if (!(await this.#isEncrypted(item.roomId)))
      return this.#put(`${room}/send/m.room.message/${transaction}`, content);
    // The room may have become encrypted during an upload, or since an earlier try.
    const sealed = item.attachment
      ? await this.#finishContent({ ...item, content }, { isEncrypted: true })
      : content;
    const encrypted = await this.#client.crypto.encryptRoomEvent(item.roomId, "m.room.message", sealed);
    return this.#put(`${room}/send/m.room.encrypted/${transaction}`, encrypted);
  }

  #isEncrypted(roomId: string): Promise<boolean> {
    return this.#client.encryption.isEncrypted(roomId);
  }

  /**
   * Reactions are not encrypted, because servers count them (CS API §Event annotations and
   * reactions). A reaction goes to the room in which the message was really sent.
   */
  async #react({ transactionId, content: { to, key } }: OutboxItem): Promise<string | null> {
    const message = await this.#items.sentAs(String(to));
    if (message === null) return null;
    const room = `/_matrix/client/v3/rooms/${encodeURIComponent(message.roomId)}`;
    return this.#put(`${room}/send/m.reaction/${encodeURIComponent(transactionId)}`, {
      "m.relates_to": { rel_type: "m.annotation", event_id: message.eventId, key },
    });
  }

  async #put(path: string, body: unknown): Promise<string> {
    const answer: unknown = await this.#client.doRequest("PUT", path, null, body);
    if (
      typeof answer === "object" &&
      answer !== null &&
      "event_id" in answer &&
      typeof answer.event_id === "string"
    )
      return answer.event_id;
    throw new Error("the server did not name the event it made");
  }

  /**
   * Completes the content of a message: uploads an attachment once, and fills in the ID of the
   * event that an edit replaces.
   */
  async #finishContent(
    item: OutboxItem,
    { isEncrypted }: { isEncrypted?: boolean } = {},
  ): Promise<Record<string, unknown>> {
    if (item.attachment) {
      const isSealed = isEncrypted ?? (await this.#isEncrypted(item.roomId));
      if ((isSealed ? "file" : "url") in item.content) return item.content;
      const content = await this.#uploaded(item.content, item.attachment, isSealed);
      await this.#items.setContent(item.id, content);
      return content;
    }
    if (item.edits === undefined) return item.content;
    const original = await this.#items.sentAs(item.edits);
    // If the original is not in this room, the new text is sent as a message of its own.
    return original !== null && original.roomId === item.roomId
      ? editContent(item.content, original.eventId)
      : item.content;
  }

  /** The content may have the address of an earlier upload, for a room of the other kind. */
  async #uploaded(
    { url: _url, file: _file, ...content }: Record<string, unknown>,
    attachment: Buffer,
    isSealed: boolean,
  ): Promise<Record<string, unknown>> {
    const { info } = content;
    const mimeType =
      typeof info === "object" && info !== null && "mimetype" in info
        ? String(info.mimetype)
        : "application/octet-stream";
    if (!isSealed)
      return {
        ...content,
        url: await this.#client.uploadContent(attachment, mimeType, String(content["filename"])),
      };
    const { buffer, file } = await this.#client.crypto.encryptMedia(attachment);
    return { ...content, file: { ...file, url: await this.#client.uploadContent(buffer) } };
  }
}

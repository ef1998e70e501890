import type { ConversationAddress } from "../../model/conversation-address.ts";
import type { Cause } from "../../store/cause.ts";
import type { DirectChatRows } from "../../store/direct-chats.ts";
import type { OutboxItems } from "../../store/outbox-items.ts";
import type { Recipients } from "../../store/recipients.ts";
import { isFinalRefusal } from "../server-refusal.ts";
import type { Rooms } from "./rooms.ts";

export interface DirectChatsOptions {
  rows: DirectChatRows;
  items: Pick<OutboxItems, "roomsOf">;
  recipients: Pick<Recipients, "releaseTo">;
  /** The room that the conversation of a replaced control room continues in. */
  currentOf: (roomId: string) => string;
  rooms: Pick<Rooms, "kind" | "holds" | "members" | "forget">;
  now: () => number;
}

/**
 * The chats that the bot has with each person, and the one in which a message reaches the person.
 * People leave chats and open new ones during a move.
 */
export class DirectChats {
  readonly #options: DirectChatsOptions;

  constructor(options: DirectChatsOptions) {
    this.#options = options;
  }

  /**
   * Call this when a person opened a chat or wrote in it. Messages that waited for a chat go there
   * before any answer.
   * @param cause what the person did
   * @returns whether messages waited
   */
  async opened(roomId: string, userId: string, cause: Cause | null): Promise<boolean> {
    const { rows, recipients, now } = this.#options;
    const [newest] = await rows.of(userId);
    if (newest !== roomId) await rows.put({ roomId, userId, cause }, now());
    return (await recipients.releaseTo(userId, roomId)) > 0;
  }

  /** Call this when the bot left a room. */
  async left(roomId: string): Promise<void> {
    await this.#options.rows.remove(roomId);
  }

  /**
   * Call this when a person joined a room in which the bot is.
   * @returns whether messages waited for them, which now go there
   */
  async returned(roomId: string, userId: string): Promise<boolean> {
    const { recipients, rooms } = this.#options;
    return (await rooms.kind(roomId)) !== "other" && (await recipients.releaseTo(userId, roomId)) > 0;
  }

  /**
   * The room in which a message reaches a person: the given one while they are in it, otherwise
   * their newest chat; null if there is none.
   * @param isFresh reads the members again
   * @param isPrivate nobody else may be in the room
   * @throws if the server does not answer who is in a room
   */
  async roomFor(
    userId: string,
    writtenIn: string,
    { isFresh = false, isPrivate = false }: { isFresh?: boolean; isPrivate?: boolean } = {},
  ): Promise<string | null> {
    const { rows, items, rooms, currentOf } = this.#options;
    const roomId = currentOf(writtenIn);
    if (isFresh) rooms.forget(roomId);
    const holds = () => (isPrivate ? this.#isChatWith(roomId, userId) : rooms.holds(roomId, userId));
    if (await isIn(holds)) return roomId;
    const chats = new Set([...(await rows.of(userId)), ...(await items.roomsOf([userId]))]);
    chats.delete(roomId);
    for (const chat of chats) if (await isIn(() => this.#isChatWith(chat, userId))) return chat;
    return null;
  }

  /** The newest chat of the bot with a person; `null` if there is none. */
  async newestOf(userId: string): Promise<string | null> {
    for (const chat of await this.#options.rows.of(userId)) {
      // If the members are not known, the room is chosen again when the message is sent.
      if (await isIn(() => this.#isChatWith(chat, userId)).catch(() => true)) return chat;
    }
    return null;
  }

  /**
   * The address for a message that nobody asked for. If the conversation was in a direct chat, that
   * is the chat that the person opened or used last.
   */
  async newestAddress(address: ConversationAddress): Promise<ConversationAddress> {
    if (address.roomKind !== "direct") return address;
    const [newest] = await this.#options.rows.of(address.sender);
    if (newest === undefined || newest === address.roomId) return address;
    // If the members are not known, the room is chosen again when the message is sent.
    const isThere = await this.#isChatWith(newest, address.sender).catch(() => false);
    return isThere ? { ...address, roomId: newest, threadRoot: null } : address;
  }

  async #isChatWith(roomId: string, userId: string): Promise<boolean> {
    const { rooms } = this.#options;
    return (await rooms.kind(roomId)) === "direct" && (await rooms.holds(roomId, userId));
  }
}

/** A refusal means that the bot is not in the room. */
async function isIn(read: () => Promise<boolean>): Promise<boolean> {
  try {
    return await read();
  } catch (error) {
    if (isFinalRefusal(error)) return false;
    throw error;
  }
}

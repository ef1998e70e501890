import type { MatrixClient } from "matrix-bot-sdk";
import type { RoomKind } from "../../model/conversation-address.ts";

/**
 * What the bot knows of the rooms it is in, read when needed and kept until a membership changes.
 */
export class Rooms {
  readonly #client: MatrixClient;
  readonly #controlRoomIds: ReadonlySet<string>;
  readonly #listensInDirectChats: boolean;
  readonly #members = new Map<string, Promise<readonly string[]>>();

  constructor(client: MatrixClient, options: { controlRoomIds: ReadonlySet<string>; directChats: boolean }) {
    this.#client = client;
    this.#controlRoomIds = options.controlRoomIds;
    this.#listensInDirectChats = options.directChats;
  }

  isControlRoom(roomId: string): boolean {
    return this.#controlRoomIds.has(roomId);
  }

  /**
   * A direct chat is a room with exactly the bot and one person; somebody invited counts, since
   * they may read on what is said now.
   */
  async kind(roomId: string): Promise<RoomKind> {
    if (this.isControlRoom(roomId)) return "control";
    const members = await this.members(roomId);
    return this.#listensInDirectChats && members.length === 2 ? "direct" : "other";
  }

  /** Everybody joined or invited, the bot included. */
  members(roomId: string): Promise<readonly string[]> {
    const known = this.#members.get(roomId);
    if (known) return known;
    const members = this.#readMembers(roomId);
    // The promise is kept, not its result: an answer that was under way while a membership changed
    // must not be kept as news.
    this.#members.set(roomId, members);
    members.catch(() => {
      if (this.#members.get(roomId) === members) this.#members.delete(roomId);
    });
    return members;
  }

  async #readMembers(roomId: string): Promise<readonly string[]> {
    const events = await this.#client.getRoomMembers(roomId, undefined, ["join", "invite"]);
    return events.map((event) => event.membershipFor);
  }

  /** A membership of this room changed. */
  forgetMembers(roomId: string): void {
    this.#members.delete(roomId);
  }
}

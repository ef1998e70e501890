import type { MatrixClient } from "matrix-bot-sdk";
import { z } from "zod";
import type { RoomKind } from "../../model/conversation-address.ts";
import { isAbsent } from "../server-refusal.ts";
import type { ControlRooms } from "./control-rooms.ts";
import { isOpenToOthers } from "./room-access.ts";

const memberSchema = z.looseObject({ membership: z.string() });

/**
 * The members and the kind of each room the bot is in. They are read when needed and cached until
 * an event of the room changes them.
 */
export class Rooms {
  readonly #client: Pick<MatrixClient, "getRoomMembers" | "doRequest">;
  readonly #controlRooms: Pick<ControlRooms, "ids" | "mayBe">;
  readonly #listensInDirectChats: boolean;
  readonly #members = new Map<string, Promise<readonly string[]>>();
  /** Whether others can read or enter a room. Only rooms with two members are asked for. */
  readonly #isOpen = new Map<string, Promise<boolean>>();
  /** Whether a person is in a control room, by room and person. */
  readonly #looks = new Map<string, Map<string, Promise<boolean>>>();

  constructor(
    client: Pick<MatrixClient, "getRoomMembers" | "doRequest">,
    options: { controlRooms: Pick<ControlRooms, "ids" | "mayBe">; directChats: boolean },
  ) {
    this.#client = client;
    this.#controlRooms = options.controlRooms;
    this.#listensInDirectChats = options.directChats;
  }

  isControlRoom(roomId: string): boolean {
    return this.#controlRooms.ids.has(roomId);
  }

  /**
   * A direct chat has exactly two members: the bot and one person. Invited people count as members,
   * because they may later read what is said now. For the same reason a room that others can read
   * or enter by themselves is no direct chat.
   * @throws while the room may be a control room that is not known yet
   */
  async kind(roomId: string): Promise<RoomKind> {
    if (this.isControlRoom(roomId)) return "control";
    const members = await this.members(roomId);
    if (this.#listensInDirectChats && members.length === 2 && !(await this.#isOpenToOthers(roomId)))
      return "direct";
    if (await this.#controlRooms.mayBe(roomId))
      throw new Error("this may be a control room whose alias could not be looked up yet");
    return "other";
  }

  /**
   * Whether a person is joined or invited. In a control room, which may have many members, only the
   * person is looked up.
   */
  async holds(roomId: string, userId: string): Promise<boolean> {
    if (!this.isControlRoom(roomId)) return (await this.members(roomId)).includes(userId);
    const known = this.#looks.get(roomId)?.get(userId);
    if (known) return known;
    const look = this.#lookUp(roomId, userId);
    const looks = this.#looks.get(roomId) ?? new Map<string, Promise<boolean>>();
    this.#looks.set(roomId, looks.set(userId, look));
    look.catch(() => looks.delete(userId));
    return look;
  }

  async #lookUp(roomId: string, userId: string): Promise<boolean> {
    const path = `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/state/m.room.member/${encodeURIComponent(userId)}`;
    try {
      const { membership } = memberSchema.parse(await this.#client.doRequest("GET", path));
      return membership === "join" || membership === "invite";
    } catch (error) {
      if (isAbsent(error)) return false;
      throw error;
    }
  }

  /** Everybody who is joined or invited, including the bot. */
  members(roomId: string): Promise<readonly string[]> {
    return cached(this.#members, roomId, () => this.#readMembers(roomId));
  }

  #isOpenToOthers(roomId: string): Promise<boolean> {
    return cached(this.#isOpen, roomId, () => isOpenToOthers(this.#client, roomId));
  }

  async #readMembers(roomId: string): Promise<readonly string[]> {
    const events = await this.#client.getRoomMembers(roomId, undefined, ["join", "invite"]);
    return events.map((event) => event.membershipFor);
  }

  /**
   * Call this when a membership, the join rule or the history visibility of the room changed, or
   * when such an event may have been missed.
   */
  forget(roomId: string): void {
    this.#members.delete(roomId);
    this.#isOpen.delete(roomId);
    this.#looks.delete(roomId);
  }
}

/**
 * Caches the promise of a read, not its result. An answer that was requested before a change must
 * not be stored after the change. A failed read is not cached.
 */
function cached<Value>(
  cache: Map<string, Promise<Value>>,
  key: string,
  read: () => Promise<Value>,
): Promise<Value> {
  const known = cache.get(key);
  if (known) return known;
  const value = read();
  cache.set(key, value);
  value.catch(() => {
    if (cache.get(key) === value) cache.delete(key);
  });
  return value;
}

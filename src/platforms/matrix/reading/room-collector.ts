import { UnreachableError } from "../../../network/unreachable-error.ts";
import { isJsonObject, textOrNull } from "../api/json.ts";
import type { RoomReading } from "../rooms/room-snapshot.ts";
import { roomSnapshot, unreadableRoom } from "../rooms/room-snapshot.ts";
import type { RoomSnapshot } from "../rooms/types.ts";
import type { AccountReading, ReadingMethod, ReadingGap, RoomProfile } from "./account-reading.ts";
import type { RoomTag } from "./raw-events.ts";
import { accountDataOf, memberEventOf, tagsOf } from "./raw-events.ts";

/** The account that is read, and the one whose member events are also read. */
export interface AccountPair {
  readonly userId: string;
  readonly otherUserId: string;
  /**
   * Whether the other account's member event in each room is needed. On the target's server it is
   * not, because no decision uses it.
   */
  readonly isOtherMemberNeeded: boolean;
}

/** The result of a listing: everything without endpoints of its own. */
export type Listing = Pick<
  AccountReading,
  "roomAccountData" | "roomTags" | "roomProfiles" | "method" | "gaps" | "unreadableAccountData"
> & {
  readonly rooms: ReadonlyMap<string, RoomSnapshot>;
  readonly accountData: ReadonlyMap<string, unknown>;
};

/**
 * The bot does not move larger accounts. A server that names more rooms is not trusted, before
 * memory runs out.
 */
const MAX_ROOMS = 50_000;

/** The values of all account data together. Beyond it, further data is unreadable. */
const MAX_ACCOUNT_DATA_VALUES = 500_000;

/**
 * Collects rooms and account data from answers. Each room becomes its snapshot at once, so that raw
 * state is kept only while its answer is read.
 */
export class RoomCollector {
  readonly accounts: AccountPair;
  readonly #rooms = new Map<string, RoomSnapshot>();
  readonly #accountData = new Map<string, unknown>();
  readonly #roomAccountData = new Map<string, Map<string, unknown>>();
  readonly #roomTags = new Map<string, readonly RoomTag[]>();
  readonly #roomProfiles = new Map<string, RoomProfile>();
  readonly #unreadable: { roomId: string | null; type: string }[] = [];

  readonly #host: string;
  /** The values of all account data so far. */
  #values = 0;

  /** @param host of the account's server, for errors */
  constructor(accounts: AccountPair, host: string) {
    this.accounts = accounts;
    this.#host = host;
  }

  get size(): number {
    return this.#rooms.size;
  }

  has(roomId: string): boolean {
    return this.#rooms.has(roomId);
  }

  room(roomId: string): RoomSnapshot | undefined {
    return this.#rooms.get(roomId);
  }

  rooms(): Iterable<RoomSnapshot> {
    return this.#rooms.values();
  }

  /**
   * A later reading of a room replaces the earlier one.
   * @throws UnreachableError too_large
   */
  addRoom(reading: Omit<RoomReading, "ownUserId" | "otherUserId">): RoomSnapshot {
    this.#assertRoomLeft();
    const { userId, otherUserId } = this.accounts;
    const room = roomSnapshot({ ...reading, ownUserId: userId, otherUserId });
    this.#rooms.set(reading.roomId, room);
    const own = memberEventOf(userId, reading.events);
    if (reading.membership === "join" && isJsonObject(own?.content)) {
      const { displayname, avatar_url: avatarUrl } = own.content;
      this.#roomProfiles.set(reading.roomId, {
        displayName: textOrNull(displayname),
        avatarUrl: textOrNull(avatarUrl),
      });
    }
    return room;
  }

  /**
   * Marks a joined room whose state the server does not show. Facts from an earlier request stay.
   * @throws UnreachableError too_large
   */
  setUnreadable(roomId: string): void {
    this.#assertRoomLeft();
    const { userId, otherUserId } = this.accounts;
    const known =
      this.#rooms.get(roomId) ??
      roomSnapshot({
        roomId,
        ownUserId: userId,
        otherUserId,
        membership: "join",
        events: [],
        coverage: "partial",
        isOtherMemberRead: false,
      });
    this.#rooms.set(roomId, unreadableRoom(known));
  }

  /** @param events an untrusted list */
  addAccountData(events: unknown): void {
    for (const { type, content, values } of accountDataOf(events)) {
      if (!this.#mayKeep(values)) this.#unreadable.push({ roomId: null, type });
      else this.#accountData.set(type, content);
    }
  }

  addRoomAccountData(roomId: string, events: unknown): void {
    for (const { type, content, values } of accountDataOf(events)) {
      if (!this.#mayKeep(values)) this.#unreadable.push({ roomId, type });
      else if (type === "m.tag") this.#roomTags.set(roomId, tagsOf(content));
      else this.#ofRoom(roomId).set(type, content);
    }
  }

  /** Account data that the server does not send. */
  addUnreadableAccountData(roomId: string | null, type: string): void {
    this.#unreadable.push({ roomId, type });
  }

  setTags(roomId: string, tags: readonly RoomTag[]): void {
    this.#roomTags.set(roomId, tags);
  }

  listing(method: ReadingMethod, gaps: readonly ReadingGap[] = []): Listing {
    const rooms = new Map<string, RoomSnapshot>();
    for (const [roomId, room] of this.#rooms) {
      const tags = this.#roomTags.get(roomId) ?? [];
      rooms.set(roomId, tags.length === 0 ? room : { ...room, tags: tags.map(({ name }) => name) });
    }
    return {
      rooms,
      accountData: this.#accountData,
      roomAccountData: this.#roomAccountData,
      roomTags: new Map([...this.#roomTags].filter(([, tags]) => tags.length > 0)),
      roomProfiles: this.#roomProfiles,
      unreadableAccountData: this.#unreadable,
      method,
      gaps,
    };
  }

  /** Account data is kept for the whole plan and searched several times. */
  #mayKeep(values: number | null): boolean {
    if (values === null || this.#values + values > MAX_ACCOUNT_DATA_VALUES) return false;
    this.#values += values;
    return true;
  }

  #assertRoomLeft(): void {
    if (this.#rooms.size >= MAX_ROOMS) throw new UnreachableError("too_large", this.#host, "rooms");
  }

  #ofRoom(roomId: string): Map<string, unknown> {
    const known = this.#roomAccountData.get(roomId) ?? new Map<string, unknown>();
    this.#roomAccountData.set(roomId, known);
    return known;
  }
}

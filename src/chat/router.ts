import { z } from "zod";
import { StartProblem } from "../operations/start-problem.ts";
import type { Inbox } from "./inbox.ts";
import type { ControlRooms } from "./rooms/control-rooms.ts";
import type { DirectChats } from "./rooms/direct-chats.ts";
import type { InvitationHandler } from "./rooms/invitations.ts";
import type { EmptyRooms } from "./rooms/leave-empty-rooms.ts";
import { ACCESS_EVENT_TYPES } from "./rooms/room-access.ts";
import type { Rooms } from "./rooms/rooms.ts";
import type { SyncListener } from "./sync/bot-client.ts";
import type { UndecryptableMessages } from "./undecrypted.ts";

/** A long poll without an answer for this long means that the server is away. */
const SYNC_STALE_MS = 120_000;

export interface ChatRouterOptions {
  inbox: Pick<Inbox, "receive">;
  undecrypted: Pick<UndecryptableMessages, "receive">;
  invitations: Pick<InvitationHandler, "receive">;
  rooms: Pick<Rooms, "forget">;
  emptyRooms: Pick<EmptyRooms, "look">;
  directChats: Pick<DirectChats, "left">;
  controlRooms: Pick<ControlRooms, "left" | "replaced">;
  /** Sends messages that waited for this person, who is in the room again. */
  onReturned: (roomId: string, userId: string) => void;
  /** Records that the next start must take a new device. */
  markKeysAsLost: () => Promise<void>;
  /** Milliseconds of a clock that never jumps. */
  monotonicNow: () => number;
}

/**
 * The entry of the chat. It passes each item of a sync to the one part that handles it. A message
 * goes to the inbox, and from there to a confirmation or to `dispatch`.
 */
export class ChatRouter implements SyncListener {
  readonly #options: ChatRouterOptions;
  readonly #firstSync = Promise.withResolvers<undefined>();
  readonly #failed = Promise.withResolvers<Error>();
  #syncedAt: number | null = null;

  constructor(options: ChatRouterOptions) {
    this.#options = options;
  }

  /** Resolves when the first sync was handled. */
  get firstSync(): Promise<unknown> {
    return this.#firstSync.promise;
  }

  /** Resolves when the bot can only continue after a new start. */
  get failed(): Promise<Error> {
    return this.#failed.promise;
  }

  /** False before the first sync, and when the last one is long ago. */
  isSyncing(): boolean {
    return this.#syncedAt !== null && this.#options.monotonicNow() - this.#syncedAt < SYNC_STALE_MS;
  }

  onGap(roomId: string): void {
    this.#options.rooms.forget(roomId);
  }

  onMessage(roomId: string, event: unknown, origin: { wasEncrypted: boolean }): Promise<void> {
    return this.#options.inbox.receive(roomId, event, origin);
  }

  onUndecryptable(roomId: string, event: unknown): Promise<void> {
    return this.#options.undecrypted.receive(roomId, event);
  }

  onInvitation(roomId: string, event: unknown): Promise<void> {
    return this.#options.invitations.receive(roomId, event);
  }

  async onRoomEvent(roomId: string, event: unknown): Promise<void> {
    if (isEventOf("m.reaction", event)) await this.#options.inbox.receive(roomId, event);
    if (isEventOf("m.room.tombstone", event) && "content" in event)
      await this.#options.controlRooms.replaced(roomId, event.content);
    if (ACCESS_EVENT_TYPES.some((type) => isEventOf(type, event))) this.#options.rooms.forget(roomId);
    if (!isEventOf("m.room.member", event)) return;
    this.#options.rooms.forget(roomId);
    this.#options.emptyRooms.look(roomId);
    const joined = joinedUserSchema.safeParse(event);
    if (joined.success) this.#options.onReturned(roomId, joined.data.state_key);
  }

  async onLeft(roomId: string): Promise<void> {
    this.#options.rooms.forget(roomId);
    this.#options.controlRooms.left(roomId);
    await this.#options.directChats.left(roomId);
  }

  onSynced(): void {
    this.#syncedAt = this.#options.monotonicNow();
    this.#firstSync.resolve(undefined);
  }

  onSessionEnded(): void {
    this.#failed.resolve(
      new StartProblem(
        "Start the bot again: the bot's session was ended on its server. With the password in the configuration it logs in again.",
      ),
    );
  }

  onKeysLost(): void {
    const problem = new StartProblem(
      "The bot's homeserver has newer encryption keys of the bot's device than this data directory. Start the bot again: it then creates a new device.",
    );
    void this.#options.markKeysAsLost().finally(() => this.#failed.resolve(problem));
  }
}

const joinedUserSchema = z.looseObject({
  state_key: z.string(),
  content: z.looseObject({ membership: z.literal("join") }),
});

function isEventOf(type: string, event: unknown): event is object {
  return typeof event === "object" && event !== null && "type" in event && event.type === type;
}

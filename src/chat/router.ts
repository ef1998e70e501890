import type { Inbox } from "./inbox.ts";
import type { InvitationHandler } from "./rooms/invitations.ts";
import type { EmptyRooms } from "./rooms/leave-empty-rooms.ts";
import type { Rooms } from "./rooms/rooms.ts";
import type { SyncListener } from "./sync/bot-client.ts";
import type { UndecryptableMessages } from "./undecrypted.ts";

/** A long poll without an answer for this long means that the server is away. */
const SYNC_STALE_MS = 120_000;

export interface ChatRouterOptions {
  inbox: Pick<Inbox, "receive">;
  undecrypted: Pick<UndecryptableMessages, "receive">;
  invitations: Pick<InvitationHandler, "receive">;
  rooms: Pick<Rooms, "forgetMembers">;
  emptyRooms: Pick<EmptyRooms, "look">;
  now: () => number;
}

/**
 * The entry of the chat. It passes each item of a sync to the one part that handles it. A message
 * goes to the inbox, and from there to a confirmation or to `dispatch`.
 */
export class ChatRouter implements SyncListener {
  readonly #options: ChatRouterOptions;
  readonly #firstSync = Promise.withResolvers<undefined>();
  readonly #sessionEnded = Promise.withResolvers<Error>();
  #syncedAt: number;

  constructor(options: ChatRouterOptions) {
    this.#options = options;
    this.#syncedAt = options.now();
  }

  /** Resolves when the first sync was handled. */
  get firstSync(): Promise<unknown> {
    return this.#firstSync.promise;
  }

  /** Resolves when the server no longer knows the bot's token. */
  get sessionEnded(): Promise<Error> {
    return this.#sessionEnded.promise;
  }

  isSyncing(): boolean {
    return this.#options.now() - this.#syncedAt < SYNC_STALE_MS;
  }

  onMessage(roomId: string, event: unknown): Promise<void> {
    return this.#options.inbox.receive(roomId, event);
  }

  onUndecryptable(roomId: string, event: unknown): Promise<void> {
    return this.#options.undecrypted.receive(roomId, event);
  }

  onInvitation(roomId: string, event: unknown): Promise<void> {
    return this.#options.invitations.receive(roomId, event);
  }

  async onRoomEvent(roomId: string, event: unknown): Promise<void> {
    if (isEventOf("m.reaction", event)) await this.#options.inbox.receive(roomId, event);
    if (!isEventOf("m.room.member", event)) return;
    this.#options.rooms.forgetMembers(roomId);
    this.#options.emptyRooms.look(roomId);
  }

  onLeft(roomId: string): void {
    this.#options.rooms.forgetMembers(roomId);
  }

  onSynced(): void {
    this.#syncedAt = this.#options.now();
    this.#firstSync.resolve(undefined);
  }

  onSessionEnded(): void {
    this.#sessionEnded.resolve(
      new Error(
        "the bot's session was ended on its server; with the password in the configuration the next start logs in again",
      ),
    );
  }
}

function isEventOf(type: string, event: unknown): boolean {
  return typeof event === "object" && event !== null && "type" in event && event.type === type;
}

import type { Side } from "../../../model/account.ts";
import type { WatchedChat } from "../../platform.ts";
import type { WatchedRoom } from "./access-change.ts";
import type { WatchingAccount } from "./watching-account.ts";

/** The input of one look at the watched rooms. */
export interface Look {
  readonly userId: Readonly<Record<Side, string>>;
  /**
   * Opens an account; `null` for a source that is known from files.
   * @throws what `refusalOf` accepts
   */
  readonly account: Readonly<Record<Side, (() => Promise<WatchingAccount>) | null>>;
  /** The sides that are asked at this look. */
  readonly asked: ReadonlySet<Side>;
  /** Rooms that wait for a person, each once. */
  readonly rooms: readonly WatchedRoom[];
  /** Direct chats that the bot opened. */
  readonly chats: readonly WatchedChat[];
  /** Whether the target has joined a room. */
  readonly isJoined: (roomId: string) => boolean;
  /**
   * The number of earlier looks that also read rooms by requests of their own; `null` if this look
   * does not.
   */
  readonly readsRooms: number | null;
  readonly now: number;
  readonly random: () => number;
  readonly signal: AbortSignal;
}

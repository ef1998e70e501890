import type { Account } from "../model/account.ts";
import type { KeyBackup } from "../model/key-backup.ts";
import type { ReadProgress } from "./reading.ts";

/** One room of a check. */
export interface CheckedRoom {
  readonly roomId: string;
  readonly name: string | null;
  /**
   * The newest encrypted messages that the old account sees, at most 1,000; `null`: its server does
   * not show the room.
   */
  readonly seen: number | null;
  /** Of them, those that the new backup opens. */
  readonly readable: number;
  /** Of them, those that the new account's server hides from it. */
  readonly hidden: number | "not_in_room" | "unknown";
}

export interface KeyCheckRequest {
  readonly source: Account;
  readonly target: Account;
  /** Room IDs and aliases; empty: the twenty encrypted rooms with the latest activity. */
  readonly rooms: readonly string[];
  /** The person's chats with the bot, which are checked only if they are named. */
  readonly botRoomIds: readonly string[];
  readonly onProgress: (progress: ReadProgress) => void;
}

export interface KeyCheck {
  readonly rooms: readonly CheckedRoom[];
  /** Words that match no encrypted room of the old account. */
  readonly unknownRooms: readonly string[];
  readonly targetBackup: KeyBackup;
}

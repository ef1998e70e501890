import type { Account } from "../model/account.ts";
import type { DataFile, FileFindings, RoomsFile } from "../model/room-file.ts";
import type { ReadProgress } from "./reading.ts";

/** The largest file of rooms or settings that is read, in bytes. */
export const MAX_IMPORT_BYTES = 20 * 1024 * 1024;

/** A file that nothing can be taken from. `too_deep`: nested deeper than any file of this kind. */
export type FileMistake = "too_large" | "too_deep" | "not_text" | "empty" | "newer_schema" | "unreadable";

export type FileReading =
  | { readonly status: "read"; readonly findings: FileFindings }
  | { readonly status: "refused"; readonly mistake: FileMistake };

/** Files to keep before a server dies, and what they say when it is gone. */
export interface PlatformFiles {
  /**
   * Reads the rooms of an account for the file of `!export rooms`. Nothing is written. Whoever
   * writes the file adds the links.
   * @throws UnreadableAccountError
   */
  rooms(account: Account, options: ExportOptions): Promise<RoomsFile>;
  /**
   * Reads the settings of an account for the file of `!export data`: only what a move copies.
   * Nothing is written.
   * @throws UnreadableAccountError
   */
  data(account: Account, options: ExportOptions): Promise<DataFile>;
  /**
   * Reads a file of an unknown person: it may be of any format, and made to do harm. It never takes
   * long and never much memory.
   */
  read(bytes: Buffer, signal: AbortSignal): Promise<FileReading>;
  /** Whether the server of an account answers now. It gets one or two small requests. */
  isAnswering(userId: string, signal: AbortSignal): Promise<boolean>;
  /** A user ID of the platform in its usual form; `null`: it is none. */
  userId(typed: string): string | null;
}

export interface ExportOptions {
  readonly generatedAt: Date;
  /** The bot, which is nobody's helper or contact. */
  readonly botUserId: string;
  /** The new account, as far as it is known. It is nobody's helper either. */
  readonly targetUserId: string | null;
  /** Rooms in which the person talks with the bot, and chats that it opened. Files lack them. */
  readonly botRoomIds: readonly string[];
  /** Rooms in which the bot has spoken with the person. With nobody else in, they are chats. */
  readonly spokenIn: readonly string[];
  readonly onProgress: (progress: ReadProgress) => void;
}

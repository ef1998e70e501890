import type { FileFindings } from "../model/room-file.ts";

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
   * Reads a file of an unknown person: it may be of any format, and made to do harm. It never takes
   * long and never much memory.
   */
  read(bytes: Buffer, signal: AbortSignal): Promise<FileReading>;
  /** Whether the server of an account answers now. It gets one or two small requests. */
  isAnswering(userId: string, signal: AbortSignal): Promise<boolean>;
  /** A user ID of the platform in its usual form; `null`: it is none. */
  userId(typed: string): string | null;
}

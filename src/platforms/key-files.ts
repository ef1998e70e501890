/** A session of a room in a key file. */
export interface KeyFileEntry {
  readonly roomId: string;
  readonly sessionId: string;
  /** As its key says. */
  readonly firstMessageIndex: number;
  /** The JSON of the session, as a backup holds it. A secret. */
  readonly session: string;
}

/** The usable sessions of a key file, each one once. */
export interface KeyFileContent {
  readonly entries: readonly KeyFileEntry[];
}

/** The largest key file that is read. The largest known ones have about 30 MB. */
export const MAX_KEY_FILE_BYTES = 50 * 1024 * 1024;

/**
 * A file of keys that could not be opened. `not_a_list`: it opens, but holds something else than
 * sessions.
 */
export type KeyFileMistake =
  "not_a_key_file" | "cut_off" | "wrong_passphrase_or_damaged" | "not_a_list" | "too_large";

export type KeyFileResult =
  | { readonly status: "opened"; readonly content: KeyFileContent; readonly badEntries: number }
  | { readonly status: "refused"; readonly mistake: KeyFileMistake };

/** A key file of an export. It can be imported without the others. */
export interface WrittenKeyFile {
  readonly bytes: Buffer;
  /** Files with the same ID hold the same sessions. */
  readonly id: string;
  /** Sessions in it. */
  readonly keys: number;
}

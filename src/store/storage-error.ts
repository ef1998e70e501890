/**
 * Why stored data cannot be read or written.
 * - `full`: no space is left, or a quota is used up.
 * - `read_only`: the file system or the file cannot be written.
 * - `no_access`: the operating system refuses access.
 * - `no_folder`: a part of the path is no folder.
 * - `locked`: another program holds the lock of the database.
 * - `damaged`: a file is not what the bot wrote, for example because it was cut.
 * - `broken`: the operating system reports another error of input or output.
 */
export type StorageProblem =
  "full" | "read_only" | "no_access" | "no_folder" | "locked" | "damaged" | "broken";

const EXPLANATIONS: Readonly<Record<StorageProblem, string>> = {
  full: "The disk is full. Everything goes on by itself when there is room",
  read_only: "The file system is read-only",
  no_access: "The bot's user may not read and write there",
  no_folder: "A part of this path is no folder",
  locked: "Another program has locked the database. Close that program",
  damaged: "The file is damaged. Restore it from a backup",
  broken: "The disk reports an error",
};

/** Stored data cannot be read or written. The cause is the first error that was seen. */
export class StorageError extends Error {
  readonly problem: StorageProblem;

  /** @param path the file or folder, where it is known */
  constructor(problem: StorageProblem, cause: unknown, path: string | null = null) {
    const words = cause instanceof Error ? cause.message : String(cause);
    super(`${path ?? "Stored data"} cannot be used: ${EXPLANATIONS[problem]}. (${codeOf(cause)}${words})`, {
      cause,
    });
    this.name = "StorageError";
    this.problem = problem;
  }
}

/** Codes of Node (`man 3 errno`) and SQLite (https://www.sqlite.org/rescode.html). */
const PROBLEMS: readonly { code: string; problem: StorageProblem }[] = [
  { code: "ENOSPC", problem: "full" },
  { code: "EDQUOT", problem: "full" },
  { code: "SQLITE_FULL", problem: "full" },
  { code: "EROFS", problem: "read_only" },
  { code: "SQLITE_READONLY", problem: "read_only" },
  { code: "EACCES", problem: "no_access" },
  { code: "EPERM", problem: "no_access" },
  { code: "SQLITE_CANTOPEN", problem: "no_access" },
  { code: "SQLITE_PERM", problem: "no_access" },
  { code: "SQLITE_AUTH", problem: "no_access" },
  { code: "SQLITE_BUSY", problem: "locked" },
  { code: "SQLITE_LOCKED", problem: "locked" },
  { code: "SQLITE_PROTOCOL", problem: "locked" },
  { code: "SQLITE_CORRUPT", problem: "damaged" },
  { code: "SQLITE_NOTADB", problem: "damaged" },
  { code: "EIO", problem: "broken" },
  { code: "SQLITE_IOERR", problem: "broken" },
  { code: "EEXIST", problem: "no_folder" },
  { code: "ENOTDIR", problem: "no_folder" },
  { code: "EISDIR", problem: "no_folder" },
];

/**
 * The problem of the storage behind an error; `null` if the error has another cause, for example a
 * bug.
 */
export function storageProblemOf(error: unknown): StorageProblem | null {
  if (error instanceof StorageError) return error.problem;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  // Extended codes have the primary code and a reason: SQLITE_IOERR_WRITE.
  const known = PROBLEMS.find((each) => code === each.code || code.startsWith(`${each.code}_`));
  return known?.problem ?? null;
}

/** The error as a `StorageError` if it is about the storage; otherwise itself. */
export function asStorageError(error: unknown, path: string | null = null): unknown {
  const problem = storageProblemOf(error);
  return problem === null || error instanceof StorageError ? error : new StorageError(problem, error, path);
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && "code" in cause ? `${String(cause.code)}: ` : "";
}

import { join } from "node:path";
import Database from "better-sqlite3";

/** Another process works on the same data directory. */
export class DataDirectoryInUseError extends Error {
  constructor(dataDir: string) {
    super(
      `Another process is using the data directory ${dataDir}. One bot at a time: stop the other one first.`,
    );
    this.name = "DataDirectoryInUseError";
  }
}

/**
 * Holds the data directory for this process, by an exclusive transaction on a small database of its
 * own: the operating system lets go of it when the process dies, however it dies (measured,
 * encryption.md section 2).
 * @throws DataDirectoryInUseError
 */
export function lockDataDirectory(dataDir: string): { release(): void } {
  const database = new Database(join(dataDir, "process.lock"), { timeout: 0 });
  try {
    database.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    if (error instanceof Database.SqliteError && error.code.startsWith("SQLITE_BUSY"))
      throw new DataDirectoryInUseError(dataDir);
    throw error;
  }
  return { release: () => database.close() };
}

import { join } from "node:path";
import Database from "better-sqlite3";

/** Another process uses the same data directory. */
export class DataDirectoryInUseError extends Error {
  constructor(dataDir: string) {
    super(
      `Another process is using the data directory ${dataDir}. One bot at a time: stop the other one first.`,
    );
    this.name = "DataDirectoryInUseError";
  }
}

/**
 * Locks the data directory for this process, by an exclusive transaction on a small database of its
 * own. The operating system releases the lock when the process ends, however it ends (measured).
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

import { closeSync, openSync } from "node:fs";
import Database from "better-sqlite3";
import type { Convert } from "../upgrade.ts";
import { assertKnownSchema, schemaUpgrades, upgradeSchema } from "../upgrade.ts";

/** The database in the data directory. */
export const DATABASE_FILE = "mover.sqlite";

/**
 * Opens a database and upgrades it to the newest schema.
 * @throws NewerSchemaError before anything is written
 */
export function openSqlite(
  path: string,
  convert: Convert,
): {
  sqlite: Database.Database;
  schema: { from: number; to: number };
} {
  // SQLite gives its log files the mode of the database.
  closeSync(openSync(path, "a", 0o600));
  const sqlite = new Database(path);
  try {
    assertKnownSchema(sqlite);
    // auto_vacuum: free pages can be given back to the disk (see `compact`). It must be set before
    // the first page is written. secure_delete: deleted rows are overwritten, not only unlinked.
    for (const pragma of [
      "auto_vacuum = INCREMENTAL",
      "journal_mode = WAL",
      "synchronous = FULL",
      "secure_delete = ON",
    ])
      sqlite.pragma(pragma);
    const schema = upgradeSchema(sqlite, schemaUpgrades, convert);
    // The driver waits for locks itself (`dialect.ts`): SQLite would block the whole process.
    sqlite.pragma("busy_timeout = 0");
    return { sqlite, schema };
  } catch (error) {
    sqlite.close();
    throw error;
  }
}

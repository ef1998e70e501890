import { existsSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { asStorageError } from "../storage-error.ts";
import { DATABASE_FILE } from "./open.ts";

/** Every column of sealed values. A database of an earlier version has only some of the tables. */
const SEALED = [
  { table: "secret", column: "sealed" },
  { table: "received_event", column: "sealed_event" },
  { table: "sign_in_link", column: "sealed" },
  { table: "key_copy", column: "sealed" },
  { table: "received_file", column: "sealed" },
] as const;

/**
 * Whether a data directory holds values that only the present secret key opens. Nothing is written
 * or upgraded.
 * @throws StorageError
 */
export function holdsSecrets(dataDir: string): boolean {
  const path = join(dataDir, DATABASE_FILE);
  if (!existsSync(path)) return false;
  try {
    const database = new Database(path, { readonly: true, fileMustExist: true });
    try {
      const tables = database
        .prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table'")
        .pluck()
        .all();
      return SEALED.filter(({ table }) => tables.includes(table)).some(
        ({ table, column }) =>
          database.prepare(`SELECT 1 FROM ${table} WHERE ${column} IS NOT NULL LIMIT 1`).get() !== undefined,
      );
    } finally {
      database.close();
    }
  } catch (error) {
    throw asStorageError(error, path);
  }
}

import type { Kysely } from "kysely";
import { sql } from "kysely";
import type { Tables } from "./tables.ts";

/**
 * Moves the write-ahead log into the database and empties it: erased data must not stay readable in
 * the log or in an old page.
 */
export async function clearWriteAheadLog(database: Kysely<Tables>): Promise<void> {
  await sql`PRAGMA wal_checkpoint(TRUNCATE)`.execute(database);
}

import type { Kysely } from "kysely";
import { sql } from "kysely";
import type { Tables } from "../tables.ts";

const SOON_MS = 1_000;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;

/** Erases the traces that a database file keeps of deleted rows. */
export interface ErasingLog {
  /** Erases them now, or as soon as possible. Never throws: the rows are erased already. */
  clear(): Promise<void>;
  /** Erases them within seconds, once for everything that is deleted until then. */
  clearSoon(): void;
}

/**
 * Erased data must not stay readable in the log of the database or in an old page. After something
 * was erased, the log is moved into the database and truncated. If that fails because another
 * program reads the database or the disk is full, it is tried again.
 */
export class WriteAheadLog implements ErasingLog {
  readonly #database: Kysely<Tables>;
  readonly #reportTrouble: (error: unknown) => void;
  #timer: NodeJS.Timeout | null = null;
  #failures = 0;
  #isClosed = false;

  constructor(database: Kysely<Tables>, reportTrouble: (error: unknown) => void) {
    this.#database = database;
    this.#reportTrouble = reportTrouble;
  }

  async clear(): Promise<void> {
    this.#cancel();
    try {
      if (await this.#truncate()) {
        this.#failures = 0;
        return;
      }
    } catch (error) {
      if (this.#failures === 0) this.#reportTrouble(error);
    }
    this.#failures += 1;
    this.#later(Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(this.#failures - 1, 10)));
  }

  clearSoon(): void {
    if (this.#timer === null) this.#later(SOON_MS);
  }

  /** The last connection that is closed empties the log. */
  close(): void {
    this.#isClosed = true;
    this.#cancel();
  }

  /** @returns false if another connection still needs the log */
  async #truncate(): Promise<boolean> {
    const { rows } = await sql<{ busy: number }>`PRAGMA wal_checkpoint(TRUNCATE)`.execute(this.#database);
    return rows[0]?.busy === 0;
  }

  #later(ms: number): void {
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.clear();
    }, ms);
    this.#timer.unref();
  }

  #cancel(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}

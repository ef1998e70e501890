import type { Database } from "better-sqlite3";
import type { CompiledQuery, DatabaseConnection, Driver, QueryResult } from "kysely";
import { SqliteDialect } from "kysely";
import { StorageError, asStorageError, storageProblemOf } from "../storage-error.ts";

/**
 * How long a statement waits for the lock of another program, for example an operator's `sqlite3`.
 * Only work that needs the database waits meanwhile.
 */
const LOCK_TIMEOUT_MS = 5_000;
const FIRST_RETRY_MS = 10;
const LONGEST_RETRY_MS = 250;

/**
 * Kysely's SQLite dialect with another driver. It waits for a lock without blocking the process. A
 * transaction takes the lock for writing at its beginning, so that it never fails in the middle
 * because of a lock. The first error of a transaction is reported.
 */
export class NonBlockingSqliteDialect extends SqliteDialect {
  readonly #database: Database;
  readonly #onError: (error: StorageError) => void;

  /** @param onError is called for each statement that failed because of the storage */
  constructor(database: Database, onError: (error: StorageError) => void = () => undefined) {
    super({ database });
    this.#database = database;
    this.#onError = onError;
  }

  override createDriver(): Driver {
    const database = this.#database;
    const connection = new Connection(database, this.#onError);
    return {
      init: () => Promise.resolve(),
      acquireConnection: () => Promise.resolve(connection),
      beginTransaction: () => connection.run("BEGIN IMMEDIATE"),
      commitTransaction: () => connection.run("COMMIT"),
      // SQLite has rolled back already after a full disk or an error of the disk
      // (https://www.sqlite.org/lang_transaction.html, "Response To Errors Within A Transaction").
      rollbackTransaction: () => (database.inTransaction ? connection.run("ROLLBACK") : Promise.resolve()),
      releaseConnection: () => Promise.resolve(),
      destroy: () => {
        database.close();
        return Promise.resolve();
      },
    };
  }
}

class Connection implements DatabaseConnection {
  readonly #database: Database;
  readonly #onError: (error: StorageError) => void;

  constructor(database: Database, onError: (error: StorageError) => void) {
    this.#database = database;
    this.#onError = onError;
  }

  executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
    return this.#whenUnlocked(() => {
      const statement = this.#database.prepare<unknown[], Row>(sql);
      if (statement.reader) return { rows: statement.all(...parameters) };
      const { changes, lastInsertRowid } = statement.run(...parameters);
      return { insertId: BigInt(lastInsertRowid), numAffectedRows: BigInt(changes), rows: [] };
    });
  }

  streamQuery(): never {
    throw new Error("rows are read as a whole");
  }

  run(sql: string): Promise<void> {
    return this.#whenUnlocked(() => void this.#database.exec(sql));
  }

  async #whenUnlocked<Result>(work: () => Result): Promise<Result> {
    const until = performance.now() + LOCK_TIMEOUT_MS;
    for (let attempt = 0; ; attempt += 1) {
      try {
        return work();
      } catch (error) {
        if (storageProblemOf(error) !== "locked" || performance.now() >= until) {
          const reported = asStorageError(error);
          if (reported instanceof StorageError) this.#onError(reported);
          throw reported;
        }
        const retryMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempt, 10));
        await new Promise((resolve) => setTimeout(resolve, retryMs));
      }
    }
  }
}

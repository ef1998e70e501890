import { join } from "node:path";
import Database from "better-sqlite3";
import type { CompiledQuery, DatabaseConnection, Driver, QueryResult } from "kysely";
import { Kysely, SqliteDialect } from "kysely";
import { Accounts } from "../../../src/store/accounts.ts";
import { OutboxItems } from "../../../src/store/outbox-items.ts";
import { Plans } from "../../../src/store/plans.ts";
import { Runs } from "../../../src/store/runs.ts";
import { SealedSecrets } from "../../../src/store/sealed-secrets.ts";
import { Steps } from "../../../src/store/steps.ts";
import type { Store } from "../../../src/store/store.ts";
import type { Tables } from "../../../src/store/tables.ts";
import { upgradeSchema } from "../../../src/store/upgrade.ts";

/**
 * What happens at a write: the process ends just before it takes effect, or just after, or goes on.
 */
export type Fate = "before" | "after" | "none";

export interface MortalStore {
  store: Pick<Store, "accounts" | "outbox" | "plans" | "runs" | "steps">;
  /** Nothing that was asked of the store is answered any more; what was not committed is gone. */
  die(): void;
  close(): Promise<void>;
}

const NEVER = new Promise<never>(() => {});

/**
 * The real store on a real database, in a process that ends at a write.
 * @param fateOf asked at every commit and every write outside a transaction
 */
export function openMortalStore(folder: string, fateOf: () => Fate, onDeath: () => void): MortalStore {
  const sqlite = new Database(join(folder, "mover.sqlite"));
  for (const pragma of ["journal_mode = MEMORY", "synchronous = OFF", "foreign_keys = ON"])
    sqlite.pragma(pragma);
  upgradeSchema(sqlite);
  const deaths: true[] = [];
  const isDead = (): boolean => deaths.length > 0;
  const die = (): void => {
    if (isDead()) return;
    deaths.push(true);
    sqlite.close();
    onDeath();
  };
  const watched = (connection: DatabaseConnection): DatabaseConnection => {
    let isInTransaction = false;
    let isWriting = false;
    return {
      async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
        if (isDead()) return NEVER;
        const verb = query.sql.trimStart().split(" ")[0]?.toLowerCase() ?? "";
        if (verb === "begin") [isInTransaction, isWriting] = [true, false];
        if (["insert", "update", "delete", "replace"].includes(verb)) isWriting = true;
        const isPoint = isWriting && (verb === "commit" || !isInTransaction);
        if (isPoint || verb === "rollback") [isInTransaction, isWriting] = [false, false];
        const fate = isPoint ? fateOf() : "none";
        if (fate === "before") die();
        if (isDead()) return NEVER;
        const result = await connection.executeQuery<Row>(query);
        if (fate === "after") die();
        return isDead() ? NEVER : result;
      },
      streamQuery: () => {
        throw new Error("nothing is streamed");
      },
    };
  };
  const database = new Kysely<Tables>({ dialect: new MortalDialect({ database: sqlite }, watched) });
  return {
    store: {
      accounts: new Accounts(database, new SealedSecrets(Buffer.alloc(32, 7))),
      outbox: new OutboxItems(database),
      plans: new Plans(database),
      runs: new Runs(database),
      steps: new Steps(database),
    },
    die,
    close: async () => {
      if (!isDead()) await database.destroy();
    },
  };
}

class MortalDialect extends SqliteDialect {
  readonly #watched: (connection: DatabaseConnection) => DatabaseConnection;

  constructor(
    config: ConstructorParameters<typeof SqliteDialect>[0],
    watched: (connection: DatabaseConnection) => DatabaseConnection,
  ) {
    super(config);
    this.#watched = watched;
  }

  override createDriver(): Driver {
    const driver = super.createDriver();
    let inner: DatabaseConnection | null = null;
    let outer: DatabaseConnection | null = null;
    // SQLite has one connection; it is given to one user after the other.
    return {
      init: () => driver.init(),
      acquireConnection: async () => {
        inner = await driver.acquireConnection();
        return (outer ??= this.#watched(inner));
      },
      beginTransaction: (connection, settings) => driver.beginTransaction(connection, settings),
      commitTransaction: (connection) => driver.commitTransaction(connection),
      rollbackTransaction: (connection) => driver.rollbackTransaction(connection),
      releaseConnection: async () => {
        if (inner !== null) await driver.releaseConnection(inner);
      },
      destroy: () => driver.destroy(),
    };
  }
}

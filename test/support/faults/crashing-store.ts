import { join } from "node:path";
import Database from "better-sqlite3";
import type { CompiledQuery, DatabaseConnection, Driver, QueryResult, SqliteDatabase } from "kysely";
import { Kysely, SqliteDialect } from "kysely";
import { Accounts } from "../../../src/store/accounts.ts";
import { Contacts } from "../../../src/store/contacts.ts";
import { Imports } from "../../../src/store/imports.ts";
import { KeptRequestRows } from "../../../src/store/kept-requests.ts";
import { KeyCopies } from "../../../src/store/key-copies.ts";
import { Limiters } from "../../../src/store/limiters.ts";
import { LostRuns } from "../../../src/store/lost-runs.ts";
import { OutboxItems } from "../../../src/store/outbox-items.ts";
import { Plans } from "../../../src/store/plans.ts";
import { ReceivedEvents } from "../../../src/store/received-events.ts";
import { ReceivedFiles } from "../../../src/store/received-files.ts";
import { RunLeases, endLeases } from "../../../src/store/run-leases.ts";
import { Runs } from "../../../src/store/runs.ts";
import { SealedSecrets } from "../../../src/store/sealed-secrets.ts";
import { Steps } from "../../../src/store/steps.ts";
import type { Store } from "../../../src/store/store.ts";
import type { Tables } from "../../../src/store/tables.ts";
import { upgradeSchema } from "../../../src/store/upgrade.ts";

/** When the process crashes at a write: just before it takes effect, just after, or not at all. */
export type CrashTime = "before" | "after" | "none";

/** A store whose process can crash, for tests of what a restart finds. */
export interface CrashingStore {
  store: Pick<
    Store,
    | "accounts"
    | "keptRequests"
    | "keyCopies"
    | "receivedEvents"
    | "imports"
    | "receivedFiles"
    | "outbox"
    | "plans"
    | "runs"
    | "runLeases"
    | "lostRuns"
    | "steps"
    | "limiters"
    | "contacts"
  >;
  /** From now on no call is answered. What was not committed is lost. */
  crash(): void;
  close(): Promise<void>;
}

const NEVER = new Promise<never>(() => {});

/**
 * The real store on a real database, in a process that can crash at a write. @param crashTimeOf
 * called at every commit and every write outside a transaction
 */
export function openCrashingStore(
  folder: string,
  crashTimeOf: () => CrashTime,
  onCrash: () => void,
): CrashingStore {
  const sqlite = new Database(join(folder, "mover.sqlite"));
  for (const pragma of ["journal_mode = MEMORY", "synchronous = OFF", "foreign_keys = ON"])
    sqlite.pragma(pragma);
  upgradeSchema(sqlite);
  endLeases(sqlite);
  const crashes: true[] = [];
  const hasCrashed = (): boolean => crashes.length > 0;
  const crash = (): void => {
    if (hasCrashed()) return;
    crashes.push(true);
    sqlite.close();
    onCrash();
  };
  const watched = (connection: DatabaseConnection): DatabaseConnection => {
    let isInTransaction = false;
    let isWriting = false;
    return {
      async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
        if (hasCrashed()) return NEVER;
        const verb = query.sql.trimStart().split(" ")[0]?.toLowerCase() ?? "";
        if (verb === "begin") [isInTransaction, isWriting] = [true, false];
        if (["insert", "update", "delete", "replace"].includes(verb)) isWriting = true;
        const canCrash = isWriting && (verb === "commit" || !isInTransaction);
        if (canCrash || verb === "rollback") [isInTransaction, isWriting] = [false, false];
        const crashTime = canCrash ? crashTimeOf() : "none";
        if (crashTime === "before") crash();
        if (hasCrashed()) return NEVER;
        const result = await connection.executeQuery<Row>(query);
        if (crashTime === "after") crash();
        return hasCrashed() ? NEVER : result;
      },
      streamQuery: () => {
        throw new Error("nothing is streamed");
      },
    };
  };
  const database = new Kysely<Tables>({
    dialect: new CrashingDialect({ database: preparingOnce(sqlite) }, watched),
  });
  const report = (): void => undefined;
  const log = { clear: () => Promise.resolve(), clearSoon: () => undefined };
  const sealing = { secrets: new SealedSecrets(Buffer.alloc(32, 7)), log, report };
  return {
    store: {
      accounts: new Accounts(database, sealing),
      outbox: new OutboxItems(database, sealing),
      imports: new Imports(database, { log, report }),
      plans: new Plans(database),
      keptRequests: new KeptRequestRows(database, report),
      keyCopies: new KeyCopies(database, sealing),
      receivedEvents: new ReceivedEvents(database, sealing),
      receivedFiles: new ReceivedFiles(database, sealing),
      runs: new Runs(database, report),
      runLeases: new RunLeases(database, report),
      lostRuns: new LostRuns(database),
      steps: new Steps(database, report),
      limiters: new Limiters(database),
      contacts: new Contacts(database, () => undefined),
    },
    crash,
    close: async () => {
      if (!hasCrashed()) await database.destroy();
    },
  };
}

// Kysely compiles each statement again at each use. The crash tests run the same statements a
// hundred thousand times.
function preparingOnce(sqlite: Database.Database): SqliteDatabase {
  const prepared = new Map<string, Database.Statement>();
  return {
    close: () => sqlite.close(),
    prepare: (sql) => {
      const statement = prepared.get(sql) ?? sqlite.prepare(sql);
      prepared.set(sql, statement);
      return statement;
    },
  };
}

class CrashingDialect extends SqliteDialect {
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
    // SQLite has one connection. Users get it in turn.
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

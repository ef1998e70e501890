import { dirname, resolve } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import Database from "better-sqlite3";

/**
 * The open connections of the crypto store, and whether a transaction of indexeddbshim is open on
 * them.
 */
const connections = new Map<Database.Database, { isWriting: boolean }>();
let storeFolder: string | undefined;
let isOuterOpen = false;
let failure: LostWriteError | undefined;

const BEGIN = /^\s*BEGIN\b/i;
const END = /^\s*(END|COMMIT)\b/i;
const ROLLBACK = /^\s*ROLLBACK\b/i;
/** SQLite's result codes, as better-sqlite3 names them. */
const FAULT_OF_DISK = /^SQLITE_(?:FULL|IOERR|READONLY|CANTOPEN|BUSY|CORRUPT|NOTADB|PERM|NOMEM)/;

/**
 * The crypto store could not save a change. The library's memory would use keys twice, so the store
 * must be opened again.
 */
export class LostWriteError extends Error {
  override readonly name = "LostWriteError";

  constructor(cause: unknown) {
    super("The crypto store could not save a change.", { cause });
  }
}

/**
 * Wraps the SQLite files of one folder, so that indexeddbshim's transactions can be held together
 * (`inOuterTransaction`). indexeddbshim uses only `prepare`, and runs each prepared statement once,
 * immediately.
 */
export function layTransactionsOver(folder: string): void {
  if (storeFolder !== undefined)
    throw new Error("The crypto store's layer over SQLite is already installed.");
  storeFolder = resolve(folder);
  // eslint-disable-next-line @typescript-eslint/unbound-method -- the proxy passes its `this` on.
  Database.prototype.prepare = new Proxy(Database.prototype.prepare, {
    apply(prepare, connection: Database.Database, [source]: [string]) {
      if (dirname(resolve(connection.name)) !== storeFolder)
        return Reflect.apply(prepare, connection, [source]);
      const statement = Reflect.apply(prepare, connection, [translate(connection, source)]);
      // indexeddbshim ignores a COMMIT that failed (a full disk) and reports the write as done.
      const isLost = END.test(source) ? () => true : isFaultOfDisk;
      // eslint-disable-next-line @typescript-eslint/unbound-method -- the proxy passes `this` on.
      statement.run = noteFailure(statement.run, isLost);
      return statement;
    },
  });
}

function translate(connection: Database.Database, source: string): string {
  const state = connections.get(connection) ?? { isWriting: false };
  connections.set(connection, state);
  const isBegin = BEGIN.test(source);
  const isRollback = ROLLBACK.test(source);
  if (!isBegin && !isRollback && !END.test(source)) return source;
  state.isWriting = isBegin;
  if (!isOuterOpen) return source;
  if (isBegin) return "SAVEPOINT inner_transaction";
  // "ROLLBACK TO" keeps the savepoint. It ends with the outer transaction.
  return isRollback ? "ROLLBACK TO inner_transaction" : "RELEASE inner_transaction";
}

/**
 * Whether SQLite could not write: the disk is full, read-only or broken, or another process holds a
 * lock. Other errors, such as a violated constraint, are answers that the library expects.
 */
function isFaultOfDisk(error: unknown): boolean {
  return error instanceof Database.SqliteError && FAULT_OF_DISK.test(error.code);
}

function noteFailure<Run extends (...args: unknown[]) => unknown>(
  run: Run,
  isLost: (error: unknown) => boolean,
): Run {
  return new Proxy(run, {
    apply(target, statement, args) {
      try {
        return Reflect.apply(target, statement, args);
      } catch (error) {
        if (isLost(error)) reportFailure(error);
        throw error;
      }
    },
  });
}

/** Marks the store as one that could not save a change. */
export function reportFailure(cause: unknown): void {
  failure ??= new LostWriteError(cause);
}

/**
 * Runs `work` so that all its writes to the crypto store are saved together or, after a crash, not
 * at all. Nothing else may use the store meanwhile.
 * If `work` fails, its writes before the failure are saved, as they would be without the outer
 * transaction: the library's memory has them too.
 */
export async function inOuterTransaction<T>(work: () => Promise<T>): Promise<T> {
  await whenNobodyWrites();
  const held = [...connections.keys()].filter((connection) => connection.open);
  for (const connection of held) connection.exec("BEGIN");
  isOuterOpen = true;
  try {
    return await work();
  } finally {
    await whenNobodyWrites();
    isOuterOpen = false;
    for (const connection of held) commit(connection);
  }
}

async function whenNobodyWrites(): Promise<void> {
  while ([...connections.values()].some((state) => state.isWriting)) await nextTurn();
}

function commit(connection: Database.Database): void {
  try {
    connection.exec("COMMIT");
  } catch (error) {
    reportFailure(error);
    if (connection.inTransaction) connection.exec("ROLLBACK");
  }
}

/** Throws if a write was lost. The library's memory is then ahead of the store. */
export function assertNothingWasLost(): void {
  if (failure) throw failure;
}

/** Whether a write was lost since the store was opened. */
export function hasLostWrite(): boolean {
  return failure !== undefined;
}

/**
 * Forgets the lost write and rolls back open transactions. Call this before the store is opened
 * again, when nothing uses it.
 */
export function resetAfterLostWrite(): void {
  for (const [connection, state] of connections) {
    state.isWriting = false;
    if (!connection.open) connections.delete(connection);
    else if (connection.inTransaction) connection.exec("ROLLBACK");
  }
  failure = undefined;
}

import { basename } from "node:path";
import Database from "better-sqlite3";

const ENDS_TRANSACTION = /^\s*(END|COMMIT|RELEASE)\b/i;

let ended: string[] = [];
let lastTransaction = Infinity;

/**
 * Lets this process die by SIGKILL right after one of SQLite's transactions. Must be called before
 * the crypto adapter is loaded.
 */
export function watchTransactions(): void {
  Database.prototype.prepare = new Proxy(Database.prototype.prepare, {
    apply(prepare, connection: Database.Database, args: [string]) {
      const statement = Reflect.apply(prepare, connection, args);
      if (ENDS_TRANSACTION.test(args[0])) statement.run = noted(statement.run, connection);
      return statement;
    },
  });
  Database.prototype.exec = new Proxy(Database.prototype.exec, {
    apply(exec, connection: Database.Database, args: [string]) {
      return Reflect.apply(ENDS_TRANSACTION.test(args[0]) ? noted(exec, connection) : exec, connection, args);
    },
  });
}

/** Counts transactions from now on and dies after transaction number `number`, counted from 1. */
export function dieAfterTransaction(number: number): void {
  ended = [];
  lastTransaction = number;
}

/** The files in which a transaction ended since the count began, in order. */
export function transactionsEnded(): readonly string[] {
  return ended;
}

function noted<Run extends (...args: never[]) => unknown>(run: Run, connection: Database.Database): Run {
  return new Proxy(run, {
    apply(target, statement, args) {
      const result = Reflect.apply(target, statement, args);
      ended.push(basename(connection.name));
      if (ended.length === lastTransaction) process.kill(process.pid, "SIGKILL");
      return result;
    },
  });
}

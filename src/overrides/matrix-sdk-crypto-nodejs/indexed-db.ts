import { resolve } from "node:path";
import { z } from "zod";
import { layTransactionsOver } from "./outer-transaction.ts";

interface ShimTransaction {
  addEventListener(type: "complete" | "abort", listener: () => void): void;
}

interface ShimDatabase {
  __transactions: ShimTransaction[];
  transaction: (...args: unknown[]) => ShimTransaction;
}

const databaseClass = z.custom<{ prototype: ShimDatabase }>((value) => typeof value === "function");

let installedIn: string | undefined;

/**
 * Gives this process an IndexedDB that keeps its databases as SQLite files in `folder`. It is a
 * global, because the wasm package looks there. indexeddbshim's settings are global too, so a
 * process has one folder only.
 */
export async function installIndexedDb(folder: string): Promise<void> {
  const path = resolve(folder);
  if (installedIn === path) return;
  if (installedIn !== undefined) throw new Error("A process can open the crypto stores of one folder only.");
  installedIn = path;
  layTransactionsOver(path);
  // By import, not require: the CommonJS build has better-sqlite3 bundled in and does not find its
  // binary.
  const { default: setGlobalVars } = await import("indexeddbshim");
  // Its types want a global object that already has an IndexedDB.
  Reflect.apply(setGlobalVars, undefined, [globalThis, { checkOrigin: false, databaseBasePath: path }]);
  forgetFinishedTransactions(databaseClass.parse(Reflect.get(globalThis, "IDBDatabase")).prototype);
}

/**
 * indexeddbshim 17.3 keeps every finished transaction with all its requests: about 200 KB of heap
 * per message (overrides/README.md, "Defects worked around").
 */
function forgetFinishedTransactions(prototype: ShimDatabase): void {
  prototype.transaction = new Proxy(prototype.transaction, {
    apply(transaction, database: ShimDatabase, args: unknown[]) {
      const started = transaction.apply(database, args);
      const forget = () => {
        database.__transactions = database.__transactions.filter((other) => other !== started);
      };
      started.addEventListener("complete", forget);
      started.addEventListener("abort", forget);
      return started;
    },
  });
}

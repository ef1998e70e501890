import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  assertNothingWasLost,
  inOuterTransaction,
  layTransactionsOver,
} from "../../../../src/overrides/matrix-sdk-crypto-nodejs/outer-transaction.ts";

let folder: string;
let store: Database.Database;
/** Sees what is saved, as another process would after a crash. */
let observer: Database.Database;

function run(...statements: string[]): void {
  for (const statement of statements) store.prepare(statement).run();
}

function saved(): unknown[] {
  return observer.prepare("SELECT value FROM item ORDER BY value").pluck().all();
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "outer-transaction-"));
  const path = join(folder, "store.sqlite");
  layTransactionsOver(folder);
  store = new Database(path);
  run(
    "CREATE TABLE item (value INTEGER PRIMARY KEY, parent INTEGER REFERENCES item DEFERRABLE INITIALLY DEFERRED)",
  );
  observer = new Database(path, { readonly: true });
});

afterAll(() => {
  store.close();
  observer.close();
  rmSync(folder, { recursive: true });
});

describe("transactions inside the outer one", () => {
  test("are saved together at its end", async () => {
    await inOuterTransaction(async () => {
      run("BEGIN;", "INSERT INTO item VALUES (1, NULL)", "END;");
      expect(saved()).toEqual([]);
      run("BEGIN;", "INSERT INTO item VALUES (2, NULL)", "END;");
      expect(saved()).toEqual([]);
    });
    expect(saved()).toEqual([1, 2]);
  });

  test("can be rolled back one by one", async () => {
    await inOuterTransaction(async () => {
      run("BEGIN;", "INSERT INTO item VALUES (3, NULL)", "ROLLBACK;");
      run("BEGIN;", "INSERT INTO item VALUES (4, NULL)", "END;");
    });
    expect(saved()).toEqual([1, 2, 4]);
  });

  test("are saved as far as they went when the work fails", async () => {
    const work = inOuterTransaction(async () => {
      run("BEGIN;", "INSERT INTO item VALUES (5, NULL)", "END;");
      throw new Error("no");
    });
    await expect(work).rejects.toThrow("no");
    expect(saved()).toEqual([1, 2, 4, 5]);
  });
});

test("transactions outside the outer one are saved at their own end", () => {
  run("BEGIN;", "INSERT INTO item VALUES (6, NULL)", "END;");
  expect(saved()).toEqual([1, 2, 4, 5, 6]);
});

test("databases elsewhere are left alone", async () => {
  const other = new Database(":memory:");
  await inOuterTransaction(async () => {
    other.prepare("BEGIN").run();
    expect(other.inTransaction).toBe(true);
    other.prepare("COMMIT").run();
    expect(other.inTransaction).toBe(false);
  });
});

test("a change that could not be saved is noticed", async () => {
  expect(assertNothingWasLost).not.toThrow();
  await inOuterTransaction(async () => run("BEGIN;", "INSERT INTO item VALUES (7, 999)", "END;"));
  expect(assertNothingWasLost).toThrow(/could not save/);
  expect(saved()).toEqual([1, 2, 4, 5, 6]);
});

import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { pino } from "pino";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { openDataDirectory } from "../../../src/operations/open-data-directory.ts";
import { StartProblem } from "../../../src/operations/start-problem.ts";
import { StorageError, asStorageError } from "../../../src/store/storage-error.ts";
import type { Store } from "../../../src/store/store.ts";
import { openStore } from "../../../src/store/store.ts";
import { newRun, pass, room, scripted, statesOf, step } from "../../support/fakes/scripted-runner.ts";
import { smallDisk } from "../../support/store/small-disk.ts";
import { secretKey, temporaryFolder, temporaryStore } from "../../support/store/temporary-store.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const log = pino({ level: "silent" });

/** Rows until the disk refuses one. @returns the error */
async function addUntilRefused(store: Store): Promise<unknown> {
  const item = { roomId: "!r", forUser: "@me:x", cause: null, kind: "message", priority: 1 } as const;
  for (let count = 0; ; count += 1) {
    try {
      await store.outbox.add({ ...item, transactionId: `${count}`, content: { body: "x".repeat(2_000) } }, 1);
    } catch (error) {
      return error;
    }
  }
}

describe("a full disk", () => {
  it("is named by the error, which is the first one", async () => {
    const disk = smallDisk();
    const store = openStore({ dataDir: disk.folder, secretKey });
    disk.fill();
    const error = await addUntilRefused(store);
    expect(error).toMatchObject({ name: "StorageError", problem: "full" });
    expect(String(error)).toContain("The disk is full. Everything goes on by itself when there is room");
    expect(String(error)).not.toContain("cannot rollback");
    await store.close();
  });

  it("loses nothing that was stored, and work goes on when there is room", async () => {
    const disk = smallDisk();
    const store = openStore({ dataDir: disk.folder, secretKey });
    await store.bot.set("before", "kept");
    disk.fill();
    await addUntilRefused(store);
    expect(await store.bot.get("before")).toBe("kept");
    disk.free();
    await store.bot.set("after", "kept");
    await store.close();
    const next = openStore({ dataDir: disk.folder, secretKey });
    expect([await next.bot.get("before"), await next.bot.get("after")]).toEqual(["kept", "kept"]);
    await next.close();
  });

  it("stops a run only until there is room", async () => {
    const disk = smallDisk("8m");
    const store = openStore({ dataDir: disk.folder, secretKey });
    const keys = Array.from({ length: 12 }, (_, index) => `step ${index}`);
    let tried = 0;
    const script = Object.fromEntries(
      keys.map((key) => [
        key,
        async () => {
          tried += 1;
          if (tried === 4) disk.fill();
          // The outcome alone needs a page of its own.
          return { status: "done", undo: "x".repeat(20_000) } as const;
        },
      ]),
    );
    const { runner } = scripted(store, script);
    const run = await newRun(
      store,
      keys.map((key) => step(key, { roomId: "!a" })),
      { rooms: [room("!a")] },
    );
    await runner.begin(run);
    await expect.poll(() => tried).toBeGreaterThanOrEqual(4);
    expect(await addUntilRefused(store)).toBeInstanceOf(StorageError);
    expect((await store.runs.get(run.id))?.state).toBe("running");
    disk.free();
    await expect.poll(async () => (await store.runs.get(run.id))?.state).toBe("over");
    expect(new Set(Object.values(await statesOf(store, run)))).toEqual(new Set(["done"]));
    expect(tried).toBe(keys.length);
    await runner.stop();
    await store.close();
  });

  it("at a start is a text for the operator", () => {
    const disk = smallDisk();
    disk.fill();
    const open = (): Store => openDataDirectory({ dataDir: join(disk.folder, "data") }, { secretKey, log });
    expect(open).toThrow(StartProblem);
    expect(open).toThrow(/The disk is full/u);
    disk.free();
    return open().close();
  });
});

/** A store whose database another program has locked, on a clock of the test. */
async function locked(): Promise<{ store: Store; other: Database.Database }> {
  const { store, dataDir } = await temporaryStore();
  const other = new Database(join(dataDir, "mover.sqlite"));
  onTestFinished(() => void other.close());
  other.exec("BEGIN IMMEDIATE");
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date", "performance"] });
  onTestFinished(() => void vi.useRealTimers());
  return { store, other };
}

describe("a database that another program has locked", () => {
  it("is waited for, while the process goes on", async () => {
    const { store, dataDir } = await temporaryStore();
    const other = new Database(join(dataDir, "mover.sqlite"));
    other.exec("BEGIN IMMEDIATE");
    let turns = 0;
    const counting = setInterval(() => (turns += 1), 5);
    const writing = store.bot.set("a", "b");
    await expect.poll(() => turns).toBeGreaterThan(5);
    clearInterval(counting);
    other.exec("ROLLBACK");
    await writing;
    expect(await store.bot.get("a")).toBe("b");
    other.close();
  });

  it("is an error in the end, and free to use afterwards", async () => {
    const { store, other } = await locked();
    const failed = expect(store.bot.set("a", "b")).rejects.toMatchObject({ problem: "locked" });
    await pass(10 * SECOND);
    await failed;
    const alsoFailed = expect(store.accounts.remove("@me:x", "source")).rejects.toMatchObject({
      problem: "locked",
    });
    await pass(10 * SECOND);
    await alsoFailed;
    other.exec("ROLLBACK");
    await store.bot.set("a", "b");
    expect(await store.bot.get("a")).toBe("b");
  });

  it("holds a run up only as long as it is locked", async () => {
    const { store, other } = await locked();
    other.exec("ROLLBACK");
    const { runner, work } = scripted(store);
    const run = await newRun(store, [step("a"), step("b", { after: "a" })]);
    const execute = work.execute.bind(work);
    work.execute = async (of, taken, control) => {
      if (taken.key === "a") other.exec("BEGIN IMMEDIATE");
      return execute(of, taken, control);
    };
    await runner.begin(run);
    await pass(10 * MINUTE);
    expect(await statesOf(store, run)).toEqual({ a: "taken", b: "pending" });
    other.exec("ROLLBACK");
    await pass(MINUTE);
    expect(await statesOf(store, run)).toEqual({ a: "done", b: "done" });
    expect((await store.runs.get(run.id))?.state).toBe("over");
    expect(work.tried).toEqual(["a", "b"]);
    await runner.stop();
  });
});

describe("a data directory that cannot be used", () => {
  it("on a read-only file system is a text for the operator", async () => {
    const disk = smallDisk();
    await openStore({ dataDir: disk.folder, secretKey }).close();
    disk.makeReadOnly();
    const open = (): Store => openDataDirectory({ dataDir: disk.folder }, { secretKey, log });
    expect(open).toThrow(StartProblem);
    expect(open).toThrow(/The file system is read-only/u);
    expect(() => openDataDirectory({ dataDir: join(disk.folder, "new") }, { secretKey, log })).toThrow(
      /The file system is read-only/u,
    );
  });

  it("that is a file is a text for the operator", async () => {
    const file = join(await temporaryFolder(), "data");
    writeFileSync(file, "no folder");
    expect(() => openDataDirectory({ dataDir: file }, { secretKey, log })).toThrow(StartProblem);
  });

  it.each([
    { name: "cut in the middle", damage: (path: string) => truncateSync(path, 5_000) },
    { name: "overwritten", damage: (path: string) => writeFileSync(path, "something else entirely") },
  ])("with a database that was $name is a text for the operator, and stays as it is", async ({ damage }) => {
    const dataDir = await temporaryFolder();
    const store = openStore({ dataDir, secretKey });
    await newRun(store, [step("a")]);
    await store.close();
    const path = join(dataDir, "mover.sqlite");
    damage(path);
    const before = readFileSync(path);
    const open = (): Store => openDataDirectory({ dataDir }, { secretKey, log });
    expect(open).toThrow(StartProblem);
    expect(open).toThrow(/mover\.sqlite cannot be used: The file is damaged\. Restore it from a backup/u);
    expect(readFileSync(path).equals(before)).toBe(true);
  });
});

describe("an error of the storage", () => {
  it.each([
    { code: "ENOSPC", problem: "full" },
    { code: "EDQUOT", problem: "full" },
    { code: "SQLITE_FULL", problem: "full" },
    { code: "EROFS", problem: "read_only" },
    { code: "SQLITE_READONLY_DBMOVED", problem: "read_only" },
    { code: "EACCES", problem: "no_access" },
    { code: "SQLITE_CANTOPEN", problem: "no_access" },
    { code: "ENOTDIR", problem: "no_folder" },
    { code: "SQLITE_BUSY", problem: "locked" },
    { code: "SQLITE_CORRUPT_VTAB", problem: "damaged" },
    { code: "SQLITE_NOTADB", problem: "damaged" },
    { code: "SQLITE_IOERR_WRITE", problem: "broken" },
  ])("$code is $problem", ({ code, problem }) => {
    const cause = Object.assign(new Error("words of the system"), { code });
    expect(asStorageError(cause, "/data")).toMatchObject({ problem, cause });
    expect(String(asStorageError(cause, "/data"))).toContain("/data cannot be used");
  });

  it.each([
    new Error("x"),
    Object.assign(new Error("x"), { code: "SQLITE_CONSTRAINT_UNIQUE" }),
    "text",
    null,
  ])("is not made of %s", (error) => {
    expect(asStorageError(error)).toBe(error);
  });
});

import { statSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { NewOutboxItem } from "../../../src/store/outbox-item.ts";
import type { Store } from "../../../src/store/store.ts";
import { openStore } from "../../../src/store/store.ts";
import { newRun, pass } from "../../support/fakes/scripted-runner.ts";
import { nextDue } from "../../support/store/next-due.ts";
import { changeRows } from "../../support/store/old-rows.ts";
import { bytesIn, secretKey, temporaryStore } from "../../support/store/temporary-store.ts";

const OWNER = "@me:old.example";
const DAY_MS = 24 * 3_600_000;

const account = {
  owner: OWNER,
  side: "source",
  userId: OWNER,
  baseUrl: "https://old.example",
  method: "token",
  deviceId: null,
  signedInAt: 1,
} as const;

async function send(store: Store, item: Partial<NewOutboxItem> & { transactionId: string }, at: number) {
  const message = {
    roomId: "!r",
    forUser: OWNER,
    cause: null,
    kind: "message",
    content: {},
    priority: 1,
    ...item,
  } as const;
  await store.outbox.add(message, at);
  const due = await nextDue(store.outbox, at);
  if (due?.transactionId !== item.transactionId) throw new Error("another item is due");
  await store.outbox.finish(due.id, { status: "sent", eventId: `$${item.transactionId}` }, at);
}

async function known(store: Store, ...transactionIds: readonly string[]): Promise<string[]> {
  const results = await Promise.all(transactionIds.map((each) => store.outbox.result(each)));
  return transactionIds.filter((_, index) => results[index] !== null);
}

describe("old messages", () => {
  it("are kept while a run of their reader may edit them", async () => {
    const { store } = await temporaryStore();
    const run = await newRun(store, [], { owner: OWNER });
    await send(store, { transactionId: "progress" }, 10);
    await send(store, { transactionId: "another's", forUser: "@other:x" }, 10);
    await store.runs.apply(run.id, "settled_with_watch");
    await store.prune(60 * DAY_MS);
    expect(await known(store, "progress", "another's")).toEqual(["progress"]);
    await store.runs.apply(run.id, "cancelled");
    await store.prune(60 * DAY_MS);
    expect(await known(store, "progress")).toEqual([]);
  });

  it("are kept while a newer message edits them", async () => {
    const { store } = await temporaryStore();
    await send(store, { transactionId: "original" }, 10);
    await send(store, { transactionId: "edit", edits: "original" }, 30);
    await store.prune(20);
    expect(await known(store, "original", "edit")).toEqual(["original", "edit"]);
    await store.prune(40);
    await store.prune(40);
    expect(await known(store, "original", "edit")).toEqual([]);
  });

  it("are removed in parts, however many there are", async () => {
    const { store, dataDir, reopen } = await temporaryStore();
    await store.close();
    changeRows(dataDir, (database) => {
      const insert = database.prepare(
        "INSERT INTO outbox (transaction_id, room_id, kind, priority, created_at, finished_at) VALUES (?, '!r', 'message', 1, 1, 1)",
      );
      database.transaction(() => {
        for (let index = 0; index < 3_500; index += 1) insert.run(`t${index}`);
      })();
    });
    const next = await reopen();
    await next.prune(2);
    changeRows(dataDir, (database) => {
      expect(database.prepare("SELECT count(*) FROM outbox").pluck().get()).toBe(0);
    });
  });
});

describe("edits that show progress", () => {
  it("leave one row behind, however many there are", async () => {
    const { store, dataDir } = await temporaryStore();
    await send(store, { transactionId: "progress" }, 1);
    for (let count = 0; count < 20; count += 1)
      await send(store, { transactionId: `edit ${count}`, edits: "progress", priority: 2 }, 10 + count);
    const edit = {
      roomId: "!r",
      forUser: OWNER,
      cause: null,
      kind: "message",
      content: {},
      edits: "progress",
      priority: 2,
    } as const;
    for (let count = 0; count < 20; count += 1)
      await store.outbox.add({ ...edit, transactionId: `waiting ${count}` }, 100);
    const other = new Database(join(dataDir, "mover.sqlite"), { readonly: true });
    onTestFinished(() => void other.close());
    expect(other.prepare("SELECT transaction_id FROM outbox ORDER BY id").pluck().all()).toEqual([
      "progress",
      "edit 19",
      "waiting 19",
    ]);
    expect(await store.outbox.lastShownAt("progress")).toBe(29);
  });
});

describe("what is known of accounts that nobody uses", () => {
  it("is removed: rate limits, and sign-ins that were never finished", async () => {
    const { store, dataDir } = await temporaryStore();
    const attempt = {
      owner: "@a:x",
      side: "source",
      userId: "@a:x",
      baseUrl: "https://x",
      deviceId: "D",
    } as const;
    await store.accounts.beginAttempt(attempt, 1);
    await store.accounts.put(account, { accessToken: "token" });
    changeRows(dataDir, (database) => {
      for (const userId of [OWNER, "@gone:x"])
        database.prepare("INSERT INTO limiter VALUES (?, 'joins', '{}')").run(userId);
    });
    await store.prune(2);
    expect(await store.limiters.of("@gone:x")).toEqual([]);
    expect(await store.limiters.of(OWNER)).toHaveLength(1);
    expect((await store.accounts.beginAttempt({ ...attempt, deviceId: "E" }, 3)).deviceId).toBe("E");
  });
});

describe("the file of the database", () => {
  async function large(store: Store): Promise<void> {
    for (let count = 0; count < 500; count += 1)
      await store.sentOnce.take(
        { subject: `subject ${count} ${"x".repeat(4_000)}`, person: OWNER, cause: null },
        1,
      );
  }
  const sizeOf = (dataDir: string): number => statSync(join(dataDir, "mover.sqlite")).size;

  it("shrinks when much was removed", async () => {
    const { store, dataDir } = await temporaryStore();
    await large(store);
    await store.prune(0);
    const before = sizeOf(dataDir);
    await store.prune(2);
    expect(sizeOf(dataDir)).toBeLessThan(before / 2);
  });

  it("shrinks as well if an earlier version made it", async () => {
    const { store, dataDir } = await temporaryStore();
    await large(store);
    await store.close();
    changeRows(dataDir, (database) => {
      database.pragma("auto_vacuum = NONE");
      database.exec("VACUUM");
    });
    const next = openStore({ dataDir, secretKey });
    const before = sizeOf(dataDir);
    await next.prune(2);
    await next.close();
    expect(sizeOf(dataDir)).toBeLessThan(before / 2);
    await openStore({ dataDir, secretKey }).close();
  });
});

describe("an erased session", () => {
  const token = "syt_of_the_person";
  const sealedIn = (dataDir: string): boolean => bytesIn(dataDir).includes("session source");

  it("is gone from every file once the account is removed", async () => {
    const { store, dataDir } = await temporaryStore();
    await store.accounts.put(account, { accessToken: token });
    expect(sealedIn(dataDir)).toBe(true);
    await store.accounts.remove(OWNER, "source");
    expect(sealedIn(dataDir)).toBe(false);
    expect(statSync(join(dataDir, "mover.sqlite-wal")).size).toBe(0);
  });

  it("is gone as soon as another program no longer reads the database", async () => {
    const { store, dataDir } = await temporaryStore();
    await store.accounts.put(account, { accessToken: token });
    const other = new Database(join(dataDir, "mover.sqlite"));
    onTestFinished(() => void other.close());
    other.exec("BEGIN");
    other.prepare("SELECT count(*) FROM account").get();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    onTestFinished(() => void vi.useRealTimers());
    await store.accounts.remove(OWNER, "source");
    expect(sealedIn(dataDir)).toBe(true);
    await pass(10_000);
    expect(sealedIn(dataDir)).toBe(true);
    other.exec("ROLLBACK");
    await pass(60_000);
    expect(sealedIn(dataDir)).toBe(false);
  });

  it("is gone soon after it was renewed", async () => {
    const { store, dataDir } = await temporaryStore();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    onTestFinished(() => void vi.useRealTimers());
    await store.accounts.put(account, { accessToken: token });
    await store.accounts.renew({ account, tokens: { accessToken: token } }, { accessToken: "new" });
    await pass(1_000);
    expect(statSync(join(dataDir, "mover.sqlite-wal")).size).toBe(0);
  });
});

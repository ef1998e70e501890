import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { pino } from "pino";
import { describe, expect, it, vi } from "vitest";
import { endLostRuns } from "../../../src/service/run/lost-runs.ts";
import { SealedSecrets, UnsealError } from "../../../src/store/sealed-secrets.ts";
import type { Store } from "../../../src/store/store.ts";
import { openStore } from "../../../src/store/store.ts";
import type { UnreadableRow } from "../../../src/store/stored-json.ts";
import { schemaUpgrades, upgradeSchema } from "../../../src/store/upgrade.ts";
import { newRun, scripted, step } from "../../support/fakes/scripted-runner.ts";
import { nextDue } from "../../support/store/next-due.ts";
import { changeRows } from "../../support/store/old-rows.ts";
import { secretKey, temporaryFolder } from "../../support/store/temporary-store.ts";

const log = pino({ level: "silent" });

/** A store with rows, of which some are damaged afterwards. */
async function damaged(
  fill: (store: Store) => Promise<unknown>,
  sql: string,
  look: (store: Store, reported: UnreadableRow[]) => Promise<void>,
): Promise<void> {
  const dataDir = await temporaryFolder();
  const first = openStore({ dataDir, secretKey });
  await fill(first);
  await first.close();
  changeRows(dataDir, (database) => database.exec(sql));
  const reported: UnreadableRow[] = [];
  const store = openStore({ dataDir, secretKey, reportUnreadable: (row) => reported.push(row) });
  await look(store, reported);
  await store.close();
}

const event = (id: string) => ({
  event_id: id,
  type: "m.room.message",
  sender: "@me:x",
  content: { body: "x" },
});

describe("a row that cannot be read costs that row alone", () => {
  it("a received event: its sender is still known, so that they are told", () =>
    damaged(
      async ({ receivedEvents }) => {
        await receivedEvents.add("!r", event("$1"), 1);
        await receivedEvents.add("!r", event("$2"), 2);
      },
      "UPDATE received_event SET sealed_event = x'0102' WHERE event_id = '$1'",
      async ({ receivedEvents }, reported) => {
        const pending = await receivedEvents.unhandled();
        expect(
          pending.map(({ event: { event_id, sender }, isUnreadable }) => [event_id, sender, isUnreadable]),
        ).toEqual([
          ["$1", "@me:x", true],
          ["$2", "@me:x", false],
        ]);
        expect(reported).toEqual([{ table: "received_event", key: "$1" }]);
      },
    ));

  it("a message to be sent: it is given up, and the next one is sent", () =>
    damaged(
      async ({ outbox }) => {
        const item = {
          roomId: "!r",
          forUser: "@me:x",
          cause: null,
          kind: "message",
          content: {},
          priority: 1,
        } as const;
        await outbox.add({ ...item, transactionId: "one" }, 1);
        await outbox.add({ ...item, transactionId: "two" }, 1);
      },
      "UPDATE outbox SET content = '{\"body' WHERE transaction_id = 'one'",
      async ({ outbox }, reported) => {
        expect(await nextDue(outbox, 2)).toBeNull();
        expect((await nextDue(outbox, 2))?.transactionId).toBe("two");
        expect(await outbox.result("one")).toEqual({ status: "failed", failure: "unreadable" });
        expect(reported).toMatchObject([{ table: "outbox" }]);
      },
    ));

  it("a session: its person has to sign in again", () =>
    damaged(
      async ({ accounts }) => {
        const account = {
          owner: "@me:x",
          side: "source",
          userId: "@me:x",
          baseUrl: "https://x",
          method: "token",
          deviceId: null,
          signedInAt: 1,
        } as const;
        await accounts.put(account, { accessToken: "a" });
      },
      "UPDATE secret SET sealed = x'01'",
      async ({ accounts }, reported) => {
        expect(await accounts.session("@me:x", "source")).toBeNull();
        expect(reported).toEqual([{ table: "secret", key: "session source @me:x" }]);
      },
    ));

  it("a sign-in by link: it is no longer waited for", () =>
    damaged(
      async () => undefined,
      "INSERT INTO sign_in_link VALUES ('@me:x', 'source', x'01')",
      async ({ signInLinks }, reported) => {
        expect([await signInLinks.all(), await signInLinks.get("@me:x", "source")]).toEqual([[], null]);
        expect(reported[0]).toEqual({ table: "sign_in_link", key: "link source @me:x" });
      },
    ));

  it("a plan: it counts as unreadable, and a new one replaces it", () =>
    damaged(
      async ({ plans }) => plans.put("@me:x", { payload: { a: 1 }, accounts: [] }, 1),
      "UPDATE plan SET payload = '{\"re'",
      async ({ plans }) => {
        expect(await plans.last("@me:x")).toMatchObject({ number: 1, payload: undefined });
        expect(await plans.put("@me:x", { payload: { a: 2 }, accounts: [] }, 2)).toBe(2);
      },
    ));
});

describe("sessions of the first schemas", () => {
  /** Two sessions as schema 7 sealed them, one of them damaged. */
  async function oldSessions(key: Buffer): Promise<string> {
    const dataDir = await temporaryFolder();
    const secrets = new SealedSecrets(key);
    changeRows(dataDir, (database) => {
      upgradeSchema(database, schemaUpgrades.slice(0, 7));
      for (const owner of ["@good:x", "@bad:x"]) {
        const name = `session source ${owner}`;
        const sealed = secrets.seal(name, JSON.stringify({ accessToken: "a" }));
        database
          .prepare("INSERT INTO account VALUES (?, 'source', ?, 'https://x', 'token', NULL, 1)")
          .run(owner, owner);
        database
          .prepare("INSERT INTO secret VALUES (?, ?)")
          .run(name, owner === "@bad:x" ? sealed.subarray(0, 20) : sealed);
      }
    });
    return dataDir;
  }

  it("are read, except one that is damaged", async () => {
    const store = openStore({ dataDir: await oldSessions(secretKey), secretKey });
    expect((await store.accounts.session("@good:x", "source"))?.accessToken).toBe("a");
    expect(await store.accounts.session("@bad:x", "source")).toBeNull();
    await store.close();
  });

  it("stay as they are if the key is another one", async () => {
    const dataDir = await oldSessions(Buffer.alloc(32, 8));
    expect(() => openStore({ dataDir, secretKey })).toThrow(UnsealError);
    const store = openStore({ dataDir, secretKey: Buffer.alloc(32, 8) });
    expect((await store.accounts.session("@good:x", "source"))?.accessToken).toBe("a");
    await store.close();
  });
});

describe("a run that cannot be read", () => {
  it.each([
    { name: "its state", sql: "UPDATE run SET state = 'of_tomorrow' WHERE id = 1" },
    { name: "its purpose", sql: "UPDATE run SET purpose = 'of_tomorrow' WHERE id = 1" },
    { name: "its request", sql: "UPDATE run SET request = '{\"fil' WHERE id = 1" },
  ])("because of $name is ended with words, and the others go on", ({ sql }) =>
    damaged(
      async (store) => {
        await newRun(store, [step("a")], { owner: "@one:old.example" });
        await newRun(store, [step("b")], { owner: "@two:old.example" });
      },
      sql,
      async (store) => {
        const lost = vi.fn(() => Promise.resolve());
        await endLostRuns({ store, listener: { lost }, now: () => 5, log });
        expect(lost).toHaveBeenCalledExactlyOnceWith(
          1,
          expect.objectContaining({ sender: "@one:old.example" }),
        );
        await endLostRuns({ store, listener: { lost }, now: () => 6, log });
        expect(lost).toHaveBeenCalledTimes(1);
        const { runner, work } = scripted(store);
        await runner.start();
        await expect.poll(() => work.tried).toEqual(["b"]);
        expect(await newRun(store, [], { owner: "@one:old.example" })).toMatchObject({ state: "running" });
        await runner.stop();
      },
    ),
  );

  it("is reported at the address of the owner's other run if its own address cannot be read", () =>
    damaged(
      async (store) => {
        const first = await newRun(store, []);
        await store.runs.apply(first.id, "settled");
        await newRun(store, []);
      },
      "UPDATE run SET address = '{' WHERE id = 2",
      async (store) => {
        const lost = vi.fn(() => Promise.resolve());
        await endLostRuns({ store, listener: { lost }, now: () => 5, log });
        expect(lost).toHaveBeenCalledExactlyOnceWith(
          2,
          expect.objectContaining({ roomId: "!chat:new.example" }),
        );
      },
    ));
});

it("SQL that SQLite alone understands is in one folder of the store", () => {
  const folder = join(import.meta.dirname, "../../../src/store");
  const files = readdirSync(folder).filter((name) => name.endsWith(".ts"));
  const dialect =
    /pragma|json_(extract|valid|each)|replaceInto|orIgnore|vacuum|\browid\b|sqlite_|from "better-sqlite3"/iu;
  const found = files.filter((name) => dialect.test(readFileSync(join(folder, name), "utf8")));
  // The schema itself, the lock of the data directory, and uses of the opened database by its type.
  const allowed = [
    "process-lock.ts",
    "reseal-sessions.ts",
    "run-leases.ts",
    "storage-error.ts",
    "store.ts",
    "upgrade.ts",
  ];
  expect(found.filter((name) => !allowed.includes(name))).toEqual([]);
});

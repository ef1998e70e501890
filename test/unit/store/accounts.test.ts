import { rmSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import type { Account } from "../../../src/model/account.ts";
import { SealedSecrets } from "../../../src/store/sealed-secrets.ts";
import { openStore } from "../../../src/store/store.ts";
import { schemaUpgrades, SESSIONS_SEALED_WITH_ACCOUNT, upgradeSchema } from "../../../src/store/upgrade.ts";
import { bytesIn, secretKey, temporaryStore } from "../../support/store/temporary-store.ts";

const account: Account = {
  owner: "@me:x.org",
  side: "source",
  userId: "@old:old.example",
  baseUrl: "https://old.example",
  method: "password",
  deviceId: "DEVICE",
  signedInAt: 123,
};
const attempt = {
  owner: "@me:x.org",
  side: "source",
  userId: "@old:old.example",
  baseUrl: "https://old.example",
  deviceId: "FIRST",
} as const;

describe("the session of an account", () => {
  it.each([
    { changed: "address", column: "base_url", value: "https://thief.example" },
    { changed: "account", column: "user_id", value: "@thief:thief.example" },
  ])("does not open for another $changed that was written into the database", async ({ column, value }) => {
    const { store, dataDir } = await temporaryStore();
    await store.accounts.put(account, { accessToken: "syt_own" });
    await store.close();
    const database = new Database(join(dataDir, "mover.sqlite"));
    database.prepare(`UPDATE account SET ${column} = ?`).run(value);
    database.close();
    const reopened = openStore({ dataDir, secretKey });
    expect(await reopened.accounts.session(account.owner, "source")).toBeNull();
    await reopened.close();
  });

  it("that an older version sealed is sealed again, with its account and address", async () => {
    const { store, dataDir } = await temporaryStore();
    await store.close();
    const path = join(dataDir, "mover.sqlite");
    rmSync(path);
    const old = new Database(path);
    upgradeSchema(old, schemaUpgrades.slice(0, SESSIONS_SEALED_WITH_ACCOUNT - 1));
    const name = `session source ${account.owner}`;
    const sealed = new SealedSecrets(secretKey).seal(name, JSON.stringify({ accessToken: "syt_old" }));
    old.prepare("INSERT INTO secret (name, sealed) VALUES (?, ?)").run(name, sealed);
    old
      .prepare(
        `INSERT INTO account (owner, side, user_id, base_url, method, device_id, signed_in_at)
         VALUES (?, 'source', ?, ?, 'password', 'DEVICE', 1)`,
      )
      .run(account.owner, account.userId, account.baseUrl);
    old.close();
    const reopened = openStore({ dataDir, secretKey });
    expect(await reopened.accounts.session(account.owner, "source")).toEqual({ accessToken: "syt_old" });
    await reopened.close();
  });
});

describe("a signed-in account", () => {
  it("is kept over a restart, with its session sealed", async () => {
    const { store, dataDir, reopen } = await temporaryStore();
    await store.accounts.put(account, { accessToken: "syt_visible_token" });
    expect(bytesIn(dataDir)).not.toContain("syt_visible");
    const { accounts } = await reopen();
    expect(await accounts.get(account.owner, "source")).toEqual(account);
    expect(await accounts.session(account.owner, "source")).toEqual({ accessToken: "syt_visible_token" });
    expect(bytesIn(dataDir)).not.toContain("syt_visible");
  });

  it("is one for each person and side", async () => {
    const { store } = await temporaryStore();
    await store.accounts.put(account, { accessToken: "one" });
    await store.accounts.put(
      { ...account, side: "target", method: "token", deviceId: null },
      { accessToken: "two" },
    );
    await store.accounts.put({ ...account, owner: "@you:x.org" }, { accessToken: "three" });
    await store.accounts.put({ ...account, userId: "@newer:old.example" }, { accessToken: "four" });
    expect(await store.accounts.get(account.owner, "source")).toMatchObject({ userId: "@newer:old.example" });
    expect(await store.accounts.get(account.owner, "target")).toMatchObject({
      method: "token",
      deviceId: null,
    });
    expect(await store.accounts.session(account.owner, "source")).toEqual({ accessToken: "four" });
    expect(await store.accounts.session(account.owner, "target")).toEqual({ accessToken: "two" });
    expect(await store.accounts.session("@you:x.org", "source")).toEqual({ accessToken: "three" });
  });

  it("is removed with its session, and the other side stays", async () => {
    const { store } = await temporaryStore();
    await store.accounts.put(account, { accessToken: "one" });
    await store.accounts.put({ ...account, side: "target" }, { accessToken: "two" });
    await store.accounts.remove(account.owner, "source");
    expect(await store.accounts.get(account.owner, "source")).toBeNull();
    expect(await store.accounts.session(account.owner, "source")).toBeNull();
    expect(await store.accounts.session(account.owner, "target")).toEqual({ accessToken: "two" });
  });
});

describe("a sign-in under way", () => {
  it("keeps its device over a restart, so that trying again makes no second one", async () => {
    const { store, reopen } = await temporaryStore();
    expect((await store.accounts.beginAttempt(attempt, 1)).deviceId).toBe("FIRST");
    const { accounts } = await reopen();
    expect((await accounts.beginAttempt({ ...attempt, deviceId: "SECOND" }, 2)).deviceId).toBe("FIRST");
  });

  it.each([
    { name: "another account", change: { userId: "@other:old.example" } },
    { name: "another server", change: { baseUrl: "https://elsewhere.example" } },
    { name: "the other side", change: { side: "target" as const } },
    { name: "another person", change: { owner: "@you:x.org" } },
  ])("of $name has a device of its own", async ({ change }) => {
    const { store } = await temporaryStore();
    await store.accounts.beginAttempt(attempt, 1);
    expect(
      (await store.accounts.beginAttempt({ ...attempt, ...change, deviceId: "SECOND" }, 2)).deviceId,
    ).toBe("SECOND");
  });

  it("is over when it is given up or the account is stored", async () => {
    const { store } = await temporaryStore();
    await store.accounts.beginAttempt(attempt, 1);
    await store.accounts.endAttempt(attempt.owner, "source");
    expect((await store.accounts.beginAttempt({ ...attempt, deviceId: "SECOND" }, 2)).deviceId).toBe(
      "SECOND",
    );
    await store.accounts.put(account, { accessToken: "one" });
    expect((await store.accounts.beginAttempt({ ...attempt, deviceId: "THIRD" }, 3)).deviceId).toBe("THIRD");
  });
});

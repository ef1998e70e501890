import { describe, expect, it } from "vitest";
import type { Account } from "../../../src/model/account.ts";
import { bytesIn, temporaryStore } from "../../support/store/temporary-store.ts";

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

import { describe, expect, it } from "vitest";
import type { Account } from "../../../src/model/account.ts";
import type { Store } from "../../../src/store/store.ts";
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
const TOKENS = { accessToken: "syt_own" };
const KEY = "a2V5IG9mIHRoZSBjcnlwdG8gYWNjb3VudA==";

async function storeWithKey(): Promise<{ store: Store; dataDir: string }> {
  const { store, dataDir } = await temporaryStore();
  await store.accounts.put(account, TOKENS);
  expect(await store.deviceKeys.put(account, KEY)).toBe(true);
  return { store, dataDir };
}

describe("the key of a session's crypto account", () => {
  it("is kept with its session, sealed", async () => {
    const { store, dataDir } = await storeWithKey();
    expect(await store.deviceKeys.get(account)).toBe(KEY);
    expect(await store.deviceKeys.sessions()).toEqual([{ owner: account.owner, side: "source" }]);
    expect(bytesIn(dataDir)).not.toContain(KEY);
    await store.close();
  });

  it.each<{ name: string; end: (store: Store) => Promise<unknown> }>([
    { name: "the session is removed", end: (store) => store.accounts.remove(account.owner, "source") },
    { name: "the person is forgotten", end: (store) => store.forget(account.owner) },
    {
      name: "another session of the account replaces it",
      end: (store) => store.accounts.put({ ...account, deviceId: "OTHER" }, TOKENS),
    },
    {
      name: "another account replaces it",
      end: (store) => store.accounts.put({ ...account, userId: "@another:old.example" }, TOKENS),
    },
  ])("is erased when $name", async ({ end }) => {
    const { store } = await storeWithKey();
    await end(store);
    expect(await store.deviceKeys.get(account)).toBeNull();
    expect(await store.deviceKeys.sessions()).toEqual([]);
    await store.close();
  });

  it("stays when the same session is stored again", async () => {
    const { store } = await storeWithKey();
    await store.accounts.put({ ...account, signedInAt: 456 }, { accessToken: "syt_renewed" });
    expect(await store.deviceKeys.get(account)).toBe(KEY);
    await store.close();
  });

  it("does not open for another session", async () => {
    const { store } = await storeWithKey();
    expect(await store.deviceKeys.get({ ...account, deviceId: "OTHER" })).toBeNull();
    await store.close();
  });

  it("is not stored for a session that is over", async () => {
    const { store } = await temporaryStore();
    expect(await store.deviceKeys.put(account, KEY)).toBe(false);
    await store.accounts.put({ ...account, deviceId: "OTHER" }, TOKENS);
    expect(await store.deviceKeys.put(account, KEY)).toBe(false);
    await store.close();
  });
});

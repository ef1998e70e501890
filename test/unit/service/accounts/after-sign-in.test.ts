import { describe, expect, it } from "vitest";
import type { Account, FileAccount, Side } from "../../../../src/model/account.ts";
import { afterSignIn } from "../../../../src/service/accounts/after-sign-in.ts";
import { temporaryStore } from "../../../support/store/temporary-store.ts";

const OWNER = "@me:example.org";

function account(side: Side): Account {
  return {
    owner: OWNER,
    side,
    userId: side === "source" ? "@a:old.example" : "@a:new.example",
    baseUrl: "https://x",
    method: "password",
    deviceId: null,
    signedInAt: 1,
  };
}

const file: FileAccount = {
  owner: OWNER,
  side: "source",
  userId: "@a:old.example",
  method: "file",
  importedAt: 5,
  writtenAt: 3,
};

describe("after a sign-in", () => {
  it("a file stands in for the old account, and work by it can go on", async () => {
    const { store } = await temporaryStore();
    const options = { accounts: store.accounts, fileOf: async () => file, continues: async () => true };
    expect(await afterSignIn(account("target"), null, options)).toEqual({
      account: account("target"),
      other: null,
      replaced: null,
      continues: true,
      filesOf: 3,
    });
  });

  it("no file counts beside an old account that is signed in, or for the old account itself", async () => {
    const { store } = await temporaryStore();
    const options = { accounts: store.accounts, fileOf: async () => file };
    expect(await afterSignIn(account("source"), null, options)).not.toHaveProperty("filesOf");
    await store.accounts.put(account("source"), { accessToken: "t" });
    const result = await afterSignIn(account("target"), null, options);
    expect(result).not.toHaveProperty("filesOf");
    expect(result.other?.userId).toBe("@a:old.example");
  });
});

describe("what files say", () => {
  it("is told in numbers", async () => {
    const { store } = await temporaryStore();
    expect(await store.imports.overview(OWNER)).toBeNull();
    const contacts = [{ userId: "@mo:x.example", displayName: null, rooms: [] }];
    const findings = { writtenAt: 3, rooms: [], contacts, data: null };
    await store.imports.add({ owner: OWNER, userId: "@a:old.example", findings, isInstead: false }, 9);
    const numbers = { userId: "@a:old.example", writtenAt: 3, rooms: 0, people: 1, hasData: false };
    expect(await store.imports.overview(OWNER)).toEqual(numbers);
    const data = { accountData: {}, pushRules: {}, tags: {}, profile: {}, roomAccountData: {} };
    const settings = { ...findings, contacts: [], data };
    await store.imports.add(
      { owner: OWNER, userId: "@a:old.example", findings: settings, isInstead: false },
      9,
    );
    expect(await store.imports.overview(OWNER)).toEqual({ ...numbers, hasData: true });
  });
});

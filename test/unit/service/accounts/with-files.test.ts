import { describe, expect, it } from "vitest";
import type { Account, FileAccount, Side } from "../../../../src/model/account.ts";
import { PeoplesAccounts } from "../../../../src/service/accounts/peoples-accounts.ts";
import type { CannotDecide } from "../../../../src/service/plan/results.ts";

const OWNER = "@me:example.org";
const file: FileAccount = {
  owner: OWNER,
  side: "source",
  userId: "@a:old.example",
  method: "file",
  importedAt: 5,
  writtenAt: 3,
};

function accountsWith(known: FileAccount | null, areImportsAllowed = true): PeoplesAccounts {
  const accounts = { get: async () => null };
  const imports = { account: async () => known, overview: async () => null, content: async () => null };
  return new PeoplesAccounts({ accounts, imports, areImportsAllowed });
}

describe("files about another account than the one that is signed in", () => {
  it("are no part of its move, and named", async () => {
    const other = { userId: "@b:old.example" };
    expect(await accountsWith(file).imported(OWNER, other)).toBeNull();
    expect(await accountsWith(file).otherFiles(OWNER, other)).toEqual({ otherFiles: file.userId });
    expect(await accountsWith(file).otherFiles(OWNER, file)).toEqual({});
    expect(await accountsWith(null).otherFiles(OWNER, other)).toEqual({});
  });

  it("are no part of a move either if they take the place of its files while those are read", async () => {
    const later = {
      userId: "@b:old.example",
      importedAt: 6,
      writtenAt: 6,
      rooms: [],
      contacts: [],
      data: null,
    };
    const imports = { account: async () => file, overview: async () => null, content: async () => later };
    const accounts = new PeoplesAccounts({
      ...{ accounts: { get: async () => null }, imports, areImportsAllowed: true },
    });
    expect(await accounts.imported(OWNER, file)).toBeNull();
  });
});

function notRead(side: Side): CannotDecide {
  const account: Account = {
    ...{ owner: OWNER, side, userId: "@a:x", baseUrl: "https://x" },
    ...{ method: "password", deviceId: null, signedInAt: 0 },
  };
  return { status: "not_read", account, refusal: { code: "unreachable", reason: "dns", host: "x" } };
}

const noOld: CannotDecide = { status: "not_signed_in", missing: ["source"] };

describe("a result that lacks the old account", () => {
  it.each([noOld, notRead("source")])("says what files are there: $status", async (result) => {
    expect(await accountsWith(file).withFiles(OWNER, result)).toMatchObject({
      files: { kind: "imported", userId: "@a:old.example", writtenAt: 3 },
    });
    expect(await accountsWith(null).withFiles(OWNER, result)).toMatchObject({ files: { kind: "none" } });
  });

  it("says nothing of files where they are switched off", async () => {
    expect(await accountsWith(file, false).withFiles(OWNER, noOld)).not.toHaveProperty("files");
  });

  it.each([
    { status: "not_signed_in", missing: ["target"] } as const,
    notRead("target"),
    { status: "listed" } as const,
  ])("is not one for other reasons: %o", async (result) => {
    expect(await accountsWith(file).withFiles<{ status: string }>(OWNER, result)).not.toHaveProperty("files");
  });
});

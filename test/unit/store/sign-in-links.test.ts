import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import type { SignInLink } from "../../../src/model/sign-in-link.ts";
import { schemaUpgrades, upgradeSchema } from "../../../src/store/upgrade.ts";
import { links } from "../../../src/store/upgrades/005-links.ts";
import { bytesIn, temporaryStore } from "../../support/store/temporary-store.ts";

const issuer = "https://auth.example/";
const link: SignInLink = {
  ...{
    owner: "@me:x.org",
    userId: "@a:old.example",
    baseUrl: "https://old.example",
    deviceId: "FIRST",
    clientId: "client",
  },
  ...{
    deviceCode: "device-code-secret",
    userCode: "ABCDEF",
    verificationUri: `${issuer}link`,
    intervalMs: 5_000,
    expiresAt: 9,
  },
  side: "source",
  server: {
    issuer,
    token_endpoint: issuer,
    registration_endpoint: issuer,
    device_authorization_endpoint: issuer,
  },
  address: {
    roomId: "!r:x",
    eventId: "$e",
    threadRoot: "$t",
    roomKind: "control",
    sender: "@me:x.org",
    isEncrypted: true,
  },
  tokens: null,
};

describe("a sign-in by link that waits", () => {
  it("is found again after a restart, and nothing of it can be read in the files", async () => {
    const { store, dataDir, reopen } = await temporaryStore();
    await store.signInLinks.put(link);
    for (const hidden of ["device-code-secret", "ABCDEF", "old.example", "!r:x"])
      expect(bytesIn(dataDir)).not.toContain(hidden);
    const reopened = await reopen();
    expect(await reopened.signInLinks.get("@me:x.org", "source")).toEqual(link);
    expect(await reopened.signInLinks.all()).toEqual([link]);
    expect(await reopened.signInLinks.get("@me:x.org", "target")).toBeNull();
  });

  it("is kept in its newest state only as long as it is the one that waits", async () => {
    const { store } = await temporaryStore();
    await store.signInLinks.put(link);
    const confirmed = { ...link, tokens: { accessToken: "token" } };
    expect(await store.signInLinks.update(confirmed)).toBe(true);
    expect(await store.signInLinks.get("@me:x.org", "source")).toEqual(confirmed);
    const newer = { ...link, deviceId: "SECOND" };
    await store.signInLinks.put(newer);
    expect(await store.signInLinks.update(confirmed)).toBe(false);
    expect(await store.signInLinks.all()).toEqual([newer]);
    await store.signInLinks.remove("@me:x.org", "source");
    expect(await store.signInLinks.update(newer)).toBe(false);
    expect(await store.signInLinks.all()).toEqual([]);
  });
});

describe("the tokens of a signed-in account", () => {
  const account = {
    ...{
      owner: "@me:x.org",
      userId: "@a:old.example",
      baseUrl: "https://old.example",
      deviceId: null,
      signedInAt: 0,
    },
    side: "source" as const,
    method: "link" as const,
  };

  it("are exchanged for what they were renewed to, and only they", async () => {
    const { store } = await temporaryStore();
    await store.accounts.put(account, { accessToken: "first" });
    const stored = await store.accounts.signedIn("@me:x.org", "source");
    if (stored === null) throw new Error("not stored");
    expect(await store.accounts.renew(stored, { accessToken: "second" })).toBe(true);
    // The renewed session was replaced meanwhile. The newer one is not overwritten.
    expect(await store.accounts.renew(stored, { accessToken: "third" })).toBe(false);
    expect(await store.accounts.session("@me:x.org", "source")).toEqual({ accessToken: "second" });
    await store.accounts.remove("@me:x.org", "source");
    expect(await store.accounts.renew(stored, { accessToken: "third" })).toBe(false);
    expect(await store.accounts.session("@me:x.org", "source")).toBeNull();
  });
});

describe("the upgrade to sign-in by link", () => {
  it("keeps the accounts that are signed in, and takes the third way", () => {
    const database = new Database(":memory:");
    const before = schemaUpgrades.slice(0, schemaUpgrades.indexOf(links));
    upgradeSchema(database, before);
    const insert = (method: string) =>
      database
        .prepare("INSERT INTO account VALUES (?, 'source', '@a:x', 'https://x', ?, 'D', 7)")
        .run(`@${method}:x`, method);
    insert("password");
    insert("token");
    expect(() => insert("link")).toThrow(/CHECK/u);
    upgradeSchema(database);
    insert("link");
    expect(
      database.prepare("SELECT method, device_id, signed_in_at FROM account ORDER BY method").raw().all(),
    ).toEqual([
      ["link", "D", 7],
      ["password", "D", 7],
      ["token", "D", 7],
    ]);
  });
});

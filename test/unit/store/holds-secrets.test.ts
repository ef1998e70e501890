import { writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, it } from "vitest";
import type { Account } from "../../../src/model/account.ts";
import type { SignInLink } from "../../../src/model/sign-in-link.ts";
import { holdsSecrets } from "../../../src/store/sqlite/holds-secrets.ts";
import type { Store } from "../../../src/store/store.ts";
import { newKeyCopy } from "../../support/fakes/key-copies.ts";
import { temporaryFolder, temporaryStore } from "../../support/store/temporary-store.ts";

const url = "https://old.example/";
const address: SignInLink["address"] = {
  ...{ roomId: "!r:x", eventId: "$e", threadRoot: null, sender: "@me:x" },
  roomKind: "control",
  isEncrypted: true,
};
const link: SignInLink = {
  ...{ owner: "@me:x", userId: "@a:old.example", side: "source", baseUrl: url, deviceId: "D", clientId: "c" },
  ...{ deviceCode: "code", userCode: "ABC", verificationUri: url, intervalMs: 5_000, expiresAt: 9, address },
  server: {
    ...{ issuer: url, token_endpoint: url },
    ...{ registration_endpoint: url, device_authorization_endpoint: url },
  },
  tokens: null,
};
const account: Account = {
  ...{ owner: "@me:x", side: "source", userId: "@a:old.example", baseUrl: url },
  ...{ method: "password", deviceId: "D", signedInAt: 1 },
};
const event = { event_id: "$1", type: "m.room.message", sender: "@me:x", content: {} };

async function putFile(store: Store): Promise<void> {
  await store.receivedEvents.add("!r", event, 1);
  const file = { name: "f", size: 1, serverName: "x", mediaId: "m", encryption: null };
  await store.receivedFiles.add({ roomId: "!r", sender: event.sender }, { eventId: "$1", file }, 1);
  await store.receivedEvents.finish("$1", 1);
}

it.each<{ what: string; put: (store: Store) => Promise<unknown> }>([
  { what: "the bot's session", put: (store) => store.bot.setSecret("session", "token") },
  { what: "a session of an account", put: (store) => store.accounts.put(account, { accessToken: "token" }) },
  { what: "a sign-in by link", put: (store) => store.signInLinks.put(link) },
  {
    what: "an opened key backup",
    put: (store) => store.keyCopies.begin(newKeyCopy({ source: null, target: null })),
  },
  { what: "a file of a person", put: (store) => putFile(store) },
  { what: "a message that waits", put: (store) => store.receivedEvents.add("!r", event, 1) },
])("a data directory with $what holds secrets, also after a crash", async ({ put }) => {
  const { store, dataDir } = await temporaryStore();
  expect(holdsSecrets(dataDir)).toBe(false);
  await put(store);
  // The other connection is still open, as if its process had been killed.
  expect(holdsSecrets(dataDir)).toBe(true);
});

it("a handled message is no secret", async () => {
  const { store, dataDir } = await temporaryStore();
  await store.receivedEvents.add("!r", event, 1);
  await store.receivedEvents.finish("$1", 2);
  expect(holdsSecrets(dataDir)).toBe(false);
});

it("an empty folder, and a database without tables, hold none", async () => {
  const dataDir = await temporaryFolder();
  expect(holdsSecrets(dataDir)).toBe(false);
  new Database(join(dataDir, "mover.sqlite")).close();
  expect(holdsSecrets(dataDir)).toBe(false);
});

it("says that a database is damaged", async () => {
  const dataDir = await temporaryFolder();
  writeFileSync(join(dataDir, "mover.sqlite"), "no database, and longer than its header".repeat(10));
  expect(() => holdsSecrets(dataDir)).toThrow(/The file is damaged/u);
});

import { afterEach, describe, expect, it } from "vitest";
import {
  createBackupKeys,
  decryptedEntry,
  sessionJson,
  storedEntry,
} from "../../../../../support/key-backup/backup-crypto.ts";
import { uploads } from "../../../../../support/key-backup/backup-server.ts";
import type { KeyAccounts } from "../../../../../support/key-backup/key-accounts.ts";
import { sessionsOf, startKeyAccounts } from "../../../../../support/key-backup/key-accounts.ts";

const keys = { source: createBackupKeys(), target: createBackupKeys() };
const open: KeyAccounts[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((accounts) => accounts.stop()));
});

async function start(...[sessions]: Parameters<typeof startKeyAccounts>): Promise<KeyAccounts> {
  const accounts = await startKeyAccounts(sessions, keys);
  open.push(accounts);
  return accounts;
}

describe("a copy of keys", () => {
  it("puts every key of the old backup into the new one, byte for byte", async () => {
    const json = sessionJson(0, { "org.matrix.msc3061.shared_history": true });
    const first = sessionsOf(keys.source.publicKey, 149);
    const accounts = await start({
      source: {
        "!a:x": { ...first, odd: storedEntry(keys.source.publicKey, json) },
        "!b:x": sessionsOf(keys.source.publicKey, 3),
      },
    });
    expect(await accounts.copy()).toEqual({
      status: "copied",
      to: { version: "7", publicKey: keys.target.publicKey },
      counts: { expected: 153, copied: 153, alreadyThere: 0, unusable: 0 },
      unusable: new Map(),
      lost: new Map(),
    });
    expect(uploads(accounts.target).map((sessions) => sessions.length)).toEqual([100, 53]);
    const sent = accounts.target.backup?.rooms["!a:x"]?.["odd"];
    expect(decryptedEntry(keys.target.privateKey, sent)).toBe(json);
    expect(accounts.progress.map(({ done }) => done)).toEqual([0, 100, 153]);
  });

  it("sends nothing a second time", async () => {
    const accounts = await start({ source: { "!a:x": sessionsOf(keys.source.publicKey, 5) } });
    await accounts.copy();
    expect(await accounts.copy()).toMatchObject({
      counts: { expected: 5, copied: 0, alreadyThere: 5, unusable: 0 },
    });
    expect(uploads(accounts.target)).toHaveLength(1);
  });
});

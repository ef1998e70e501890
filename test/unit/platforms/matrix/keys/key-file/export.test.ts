import { afterEach, describe, expect, it } from "vitest";
import type { WrittenKeyFile } from "../../../../../../src/platforms/key-files.ts";
import type { KeyExportRequest } from "../../../../../../src/platforms/keys.ts";
import { readExistingBackup } from "../../../../../../src/platforms/matrix/keys/backup.ts";
import { exportKeys } from "../../../../../../src/platforms/matrix/keys/key-file/export.ts";
import { openKeyFile } from "../../../../../../src/platforms/matrix/keys/key-file/open.ts";
import type { StoredRooms } from "../../../../../support/keys/backup-crypto.ts";
import { createBackupKeys, sessionJson, storedEntry } from "../../../../../support/keys/backup-crypto.ts";
import type { KeyAccounts } from "../../../../../support/keys/key-accounts.ts";
import { sessionsOf, startKeyAccounts } from "../../../../../support/keys/key-accounts.ts";

const keys = { source: createBackupKeys(), target: createBackupKeys() };
const open: KeyAccounts[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((accounts) => accounts.stop()));
});

async function start(source: StoredRooms = {}) {
  const accounts = await startKeyAccounts({ source }, keys);
  open.push(accounts);
  const client = accounts.client("source");
  const files: WrittenKeyFile[] = [];
  const progress: number[] = [];
  const run = (changes: Partial<KeyExportRequest> = {}) =>
    exportKeys(
      {
        source: accounts.account("source"),
        opened: { version: "3", publicKey: keys.source.publicKey, key: keys.source.privateKey },
        passphrase: "pass",
        maxBytes: 50_000_000,
        onFile: async (file) => void files.push(file),
        onProgress: async ({ done }) => void progress.push(done),
        signal: new AbortController().signal,
        ...changes,
      },
      {
        account: {
          account: accounts.account("source"),
          client,
          backup: async () =>
            (await readExistingBackup({ request: (asked) => client.request(asked) }))?.backup ?? null,
        },
        worker: accounts.worker,
        rounds: 1_000,
        clock: { sleep: async (ms) => void accounts.waits.push(ms), random: () => 0, now: () => 0 },
      },
    );
  return { accounts, files, progress, run };
}

async function sessionsIn(files: readonly WrittenKeyFile[]): Promise<string[]> {
  const ids: string[] = [];
  for (const { bytes } of files) {
    const result = await openKeyFile(bytes, "pass");
    if (result.status === "refused") throw new Error(result.mistake);
    ids.push(...result.content.entries.map(({ roomId, sessionId }) => `${roomId} ${sessionId}`));
  }
  return ids.toSorted();
}

function idsOf(roomId: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${roomId} s${index}`);
}

describe("an export of keys", () => {
  it("has every key of the old backup, as it is there", async () => {
    const json = sessionJson(4, { "m.shared_history": true });
    const { run, files, progress } = await start({
      "!a:x": sessionsOf(keys.source.publicKey, 3),
      "!b:x": { one: storedEntry(keys.source.publicKey, json) },
    });
    expect(await run()).toEqual({ status: "exported", keys: 4, unusable: new Map() });
    expect(await sessionsIn(files)).toEqual([...idsOf("!a:x", 3), "!b:x one"]);
    expect(files).toMatchObject([{ keys: 4 }]);
    const result = await openKeyFile(files[0]?.bytes ?? Buffer.alloc(0), "pass");
    const entry =
      result.status === "opened" && result.content.entries.find(({ roomId }) => roomId === "!b:x");
    expect(entry).toMatchObject({ firstMessageIndex: 4, session: json });
    expect(progress.at(-1)).toBe(4);
  });

  it("is divided into files of the size that the server takes, each complete in itself", async () => {
    const { run, files } = await start({ "!a:x": sessionsOf(keys.source.publicKey, 40) });
    expect(await run({ maxBytes: 10_000 })).toMatchObject({ status: "exported", keys: 40 });
    expect(files.length).toBeGreaterThan(2);
    expect(files.every(({ bytes }) => bytes.length <= 10_000)).toBe(true);
    expect(files.map((file) => file.keys).reduce((sum, count) => sum + count)).toBe(40);
    expect(await sessionsIn(files)).toEqual(idsOf("!a:x", 40).toSorted());
  });

  it("goes on without a key that is no use, and names its room", async () => {
    const { run, files } = await start({
      "!a:x": {
        ...sessionsOf(keys.source.publicKey, 2),
        foreign: storedEntry(keys.target.publicKey, sessionJson(0)),
        empty: storedEntry(keys.source.publicKey, "{}"),
      },
    });
    expect(await run()).toEqual({ status: "exported", keys: 2, unusable: new Map([["!a:x", 2]]) });
    expect(await sessionsIn(files)).toEqual(idsOf("!a:x", 2));
  });

  it("of an empty backup writes no file", async () => {
    const { run, files } = await start();
    expect(await run()).toEqual({ status: "exported", keys: 0, unusable: new Map() });
    expect(files).toEqual([]);
  });

  it("names files with the same keys alike, so that none is sent twice", async () => {
    const { run, files } = await start({ "!a:x": sessionsOf(keys.source.publicKey, 20) });
    await run({ maxBytes: 8_000 });
    const first = files.splice(0).map(({ id }) => id);
    await run({ maxBytes: 8_000 });
    expect(files.map(({ id }) => id)).toEqual(first);
    expect(new Set(first).size).toBe(first.length);
  });

  it("reads on after a connection that broke, and has no key twice", async () => {
    const { accounts, run, files } = await start({ "!a:x": sessionsOf(keys.source.publicKey, 300) });
    let breaks = 1;
    accounts.source.onRequest = ({ path }) =>
      path === "room_keys/keys" && breaks-- > 0 ? { breaksAfter: 150_000 } : undefined;
    expect(await run()).toMatchObject({ status: "exported", keys: 300 });
    expect(await sessionsIn(files)).toEqual(idsOf("!a:x", 300).toSorted());
  });
});

describe("an export that cannot be made", () => {
  it("ends if the backup is another one than the opened one", async () => {
    const { run } = await start();
    const opened = { version: "2", publicKey: keys.source.publicKey, key: keys.source.privateKey };
    expect(await run({ opened })).toEqual({ status: "source_changed" });
  });

  it("ends if the backup is deleted meanwhile", async () => {
    const { accounts, run } = await start();
    accounts.source.onRequest = ({ path }) =>
      path === "room_keys/keys" ? { status: 404, body: { errcode: "M_NOT_FOUND" } } : undefined;
    expect(await run()).toEqual({ status: "source_changed" });
  });

  it.each([
    { status: 502, errcode: "M_UNKNOWN" },
    { status: 401, errcode: "M_UNKNOWN_TOKEN" },
  ])("passes on that the server answers with $status $errcode", async ({ status, errcode }) => {
    const { accounts, run } = await start();
    accounts.source.onRequest = () => ({ status, body: { errcode } });
    await expect(run()).rejects.toMatchObject({ status, errcode });
  });

  it("ends when it is stopped", async () => {
    const { run } = await start({ "!a:x": sessionsOf(keys.source.publicKey, 3) });
    expect(await run({ signal: AbortSignal.abort() })).toEqual({ status: "aborted" });
  });

  it("passes on why a file was not taken", async () => {
    const { run } = await start({ "!a:x": sessionsOf(keys.source.publicKey, 3) });
    const onFile = () => Promise.reject(new Error("not sent"));
    await expect(run({ onFile })).rejects.toThrow("not sent");
  });
});

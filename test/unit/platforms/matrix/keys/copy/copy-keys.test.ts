import { afterEach, describe, expect, it } from "vitest";
import { KeyWorkerError } from "../../../../../../src/platforms/matrix/keys/worker/key-worker.ts";
import {
  createBackupKeys,
  decryptedEntry,
  sessionJson,
  storedEntry,
} from "../../../../../support/keys/backup-crypto.ts";
import { uploads } from "../../../../../support/keys/backup-server.ts";
import type { KeyAccounts } from "../../../../../support/keys/key-accounts.ts";
import { sessionsOf, startKeyAccounts } from "../../../../../support/keys/key-accounts.ts";

const keys = { source: createBackupKeys(), target: createBackupKeys() };
const open: KeyAccounts[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((accounts) => accounts.stop()));
});

async function start(sessions: Parameters<typeof startKeyAccounts>[0] = {}): Promise<KeyAccounts> {
  const accounts = await startKeyAccounts(sessions, keys);
  open.push(accounts);
  return accounts;
}

const some = sessionsOf(keys.source.publicKey, 12);
const isUpload = ({ method }: { readonly method: string }) => method === "PUT";

describe("a copy of keys", () => {
  it("puts every key of the old backup into the new one, byte for byte", async () => {
    const json = sessionJson(0, { "org.matrix.msc3061.shared_history": true });
    const many = sessionsOf(keys.source.publicKey, 149);
    const accounts = await start({
      source: { "!a:x": { ...many, odd: storedEntry(keys.source.publicKey, json) }, "!b:x": some },
    });
    expect(await accounts.copy()).toEqual({
      status: "copied",
      to: { version: "7", publicKey: keys.target.publicKey },
      counts: { expected: 162, copied: 162, alreadyThere: 0, unusable: 0 },
      unusable: new Map(),
      lost: new Map(),
    });
    expect(uploads(accounts.target).map((sessions) => sessions.length)).toEqual([100, 62]);
    const sent = accounts.target.backup?.rooms["!a:x"]?.["odd"];
    expect(decryptedEntry(keys.target.privateKey, sent)).toBe(json);
    expect(accounts.progress).toEqual([
      { done: 0, total: 162, alreadyThere: 0, batchSize: 100 },
      { done: 100, total: 162, alreadyThere: 0, batchSize: 100 },
      { done: 162, total: 162, alreadyThere: 0, batchSize: 100 },
    ]);
  });

  it("sends nothing that is there, and no empty batch", async () => {
    const accounts = await start({ source: { "!a:x": some } });
    await accounts.copy();
    expect(await accounts.copy()).toMatchObject({
      counts: { expected: 12, copied: 0, alreadyThere: 12, unusable: 0 },
    });
    expect(uploads(accounts.target)).toHaveLength(1);
  });

  it("sends nothing for an old backup without keys", async () => {
    const accounts = await start();
    expect(await accounts.copy()).toMatchObject({ status: "copied", counts: { expected: 0, copied: 0 } });
    expect(uploads(accounts.target)).toEqual([]);
  });

  it("keeps each batch below 500 kB", async () => {
    const large = Object.fromEntries(
      Array.from({ length: 12 }, (_, index) => {
        const json = sessionJson(0, { note: "x".repeat(60_000) });
        return [`s${index}`, storedEntry(keys.source.publicKey, json)];
      }),
    );
    const accounts = await start({ source: { "!a:x": large } });
    expect(await accounts.copy()).toMatchObject({ counts: { copied: 12 } });
    expect(uploads(accounts.target).map((sessions) => sessions.length)).toEqual([6, 6]);
  });

  it("counts and names unusable keys by room", async () => {
    const bad = storedEntry(keys.target.publicKey, sessionJson());
    const accounts = await start({ source: { "!a:x": { ...some, bad }, "!b:x": { one: bad, two: bad } } });
    expect(await accounts.copy()).toMatchObject({
      counts: { expected: 15, copied: 12, alreadyThere: 0, unusable: 3 },
      unusable: new Map([
        ["!a:x", 1],
        ["!b:x", 2],
      ]),
    });
    expect(accounts.progress.at(-1)).toMatchObject({ done: 15, total: 15 });
  });

  it("takes the entries of a key file", async () => {
    const accounts = await start();
    const session = sessionJson(4);
    const entries = [{ roomId: "!a:x", sessionId: "one", firstMessageIndex: 4, session }];
    expect(await accounts.copy({ from: { kind: "file", content: { entries } } })).toMatchObject({
      counts: { expected: 1, copied: 1 },
    });
    const sent = accounts.target.backup?.rooms["!a:x"]?.["one"];
    expect(sent).toMatchObject({ first_message_index: 4, forwarded_count: 0, is_verified: false });
    expect(decryptedEntry(keys.target.privateKey, sent)).toBe(session);
    expect(accounts.source.requests).toEqual([]);
  });

  it("goes on after an end at any upload, and sends no key twice", async () => {
    for (let ends = 1; ends <= 4; ends += 1) {
      const accounts = await start({ source: { "!a:x": sessionsOf(keys.source.publicKey, 7) } });
      const stop = new AbortController();
      const results = [];
      accounts.target.onRequest = (request) => {
        const isEnd = isUpload(request) && uploads(accounts.target).length === ends;
        // The server has taken the upload, and the process ends before the answer.
        if (isEnd) stop.abort();
        return isEnd ? { isAnswerLost: true } : undefined;
      };
      results.push(await accounts.copy({ batchSize: 2, signal: stop.signal }));
      accounts.target.onRequest = () => undefined;
      results.push(await accounts.copy({ batchSize: 2 }));
      expect(results.map(({ status }) => status)).toEqual(["aborted", "copied"]);
      expect(uploads(accounts.target).flat().sort()).toEqual(["s0", "s1", "s2", "s3", "s4", "s5", "s6"]);
    }
  });

  it("reads the old backup again if the connection breaks, and sends no key twice", async () => {
    const accounts = await start({ source: { "!a:x": sessionsOf(keys.source.publicKey, 400) } });
    let readings = 0;
    accounts.source.onRequest = ({ path }) => {
      readings += Number(path === "room_keys/keys");
      return path === "room_keys/keys" && readings % 2 === 1 ? { breaksAfter: 250_000 } : undefined;
    };
    expect(await accounts.copy()).toMatchObject({ counts: { expected: 400, copied: 400 } });
    const sent = uploads(accounts.target).flat();
    expect(new Set(sent).size).toBe(sent.length);
    expect(readings).toBe(4);
  });

  it("reports keys that the server took and does not have", async () => {
    const accounts = await start({ source: { "!a:x": some, "!b:x": sessionsOf(keys.source.publicKey, 3) } });
    accounts.target.onRequest = ({ path, method }) => {
      const isEnd = path === "room_keys/version" && uploads(accounts.target).length > 0;
      if (isEnd && accounts.target.backup !== null) delete accounts.target.backup.rooms["!b:x"];
      return method === "DELETE" ? {} : undefined;
    };
    expect(await accounts.copy()).toMatchObject({
      counts: { expected: 15, copied: 12 },
      lost: new Map([["!b:x", 3]]),
    });
  });

  it("is not misled by keys that a client adds meanwhile", async () => {
    const accounts = await start({ source: { "!a:x": some } });
    const added = sessionsOf(keys.target.publicKey, 2, { prefix: "new" });
    accounts.target.onRequest = (request) => {
      if (isUpload(request) && accounts.target.backup !== null) accounts.target.backup.rooms["!n:x"] = added;
      return undefined;
    };
    expect(await accounts.copy()).toMatchObject({ counts: { copied: 12 }, lost: new Map() });
  });
});

describe("a copy, when the accounts are not as they were,", () => {
  it.each([
    { title: "another version", change: { version: "4" } },
    { title: "another public key", change: { publicKey: keys.target.publicKey } },
  ])("ends if the old backup has $title", async ({ change }) => {
    const accounts = await start({ source: { "!a:x": some } });
    Object.assign(accounts.source.backup ?? {}, change);
    expect(await accounts.copy()).toEqual({ status: "source_changed" });
    expect(uploads(accounts.target)).toEqual([]);
  });

  it("ends if the old backup goes away while it is read", async () => {
    const accounts = await start({ source: { "!a:x": some } });
    accounts.source.onRequest = ({ path }) => {
      if (path === "room_keys/keys" && accounts.source.backup) accounts.source.backup.version = "4";
      return undefined;
    };
    expect(await accounts.copy()).toEqual({ status: "source_changed" });
  });

  it("waits for a new backup that is gone, or of an unknown kind", async () => {
    const accounts = await start({ source: { "!a:x": some } });
    if (accounts.target.backup) accounts.target.backup.algorithm = "org.example.other";
    expect(await accounts.copy()).toEqual({ status: "no_target_backup", reason: "unknown_algorithm" });
    accounts.target.backup = null;
    expect(await accounts.copy()).toEqual({ status: "no_target_backup", reason: "none" });
  });

  it("writes to a backup that was made again only if the account signed it", async () => {
    const accounts = await start({ source: { "!a:x": some } });
    if (accounts.target.backup) accounts.target.backup.version = "8";
    accounts.isTargetSigned = false;
    expect(await accounts.copy()).toEqual({ status: "no_target_backup", reason: "unsigned" });
    expect([accounts.startedOver, uploads(accounts.target)]).toEqual([[], []]);
    accounts.isTargetSigned = true;
    const to = { version: "8", publicKey: keys.target.publicKey };
    expect(await accounts.copy()).toMatchObject({ status: "copied", to });
    expect(accounts.startedOver).toEqual([to]);
    expect(accounts.target.requests.filter(isUpload).map(({ version }) => version)).toEqual(["8"]);
  });

  it("does not start over a second time", async () => {
    const accounts = await start({ source: { "!a:x": some } });
    if (accounts.target.backup) accounts.target.backup.version = "8";
    expect(await accounts.copy({ hasStartedOver: true })).toEqual({
      status: "stopped",
      reason: "changed_again",
      text: "",
    });
  });

  it("starts over if another backup is there at its end", async () => {
    const accounts = await start({ source: { "!a:x": some } });
    const next = createBackupKeys();
    accounts.target.onRequest = ({ path }) => {
      const isEnd = path === "room_keys/version" && uploads(accounts.target).length === 1;
      if (isEnd) accounts.target.backup = { version: "8", publicKey: next.publicKey, rooms: {} };
      return undefined;
    };
    expect(await accounts.copy()).toMatchObject({
      status: "copied",
      counts: { copied: 12, alreadyThere: 0 },
    });
    const sent = accounts.target.backup?.rooms["!a:x"]?.["s0"];
    expect(decryptedEntry(next.privateKey, sent)).toBe(decryptedEntry(keys.source.privateKey, some["s0"]));
  });

  it("does nothing after its signal is aborted", async () => {
    const accounts = await start({ source: { "!a:x": some } });
    expect(await accounts.copy({ signal: AbortSignal.abort() })).toEqual({ status: "aborted" });
    expect(accounts.target.requests).toEqual([]);
  });

  it.each([
    { failures: 1, ending: "goes on in a new thread" },
    { failures: 2, ending: "fails, and the next one works" },
  ])("$ending if its thread fails: $failures", async ({ failures }) => {
    const accounts = await start({ source: { "!a:x": some } });
    const { worker } = accounts;
    let left = failures;
    accounts.worker = {
      job: (jobKeys, work) =>
        worker.job(jobKeys, async (job) => {
          const result = await work(job);
          left -= 1;
          if (left >= 0) throw new KeyWorkerError("the thread ended");
          return result;
        }),
    };
    if (failures === 2) await expect(accounts.copy()).rejects.toThrow("the thread ended");
    expect(await accounts.copy()).toMatchObject({ status: "copied", counts: { expected: 12 } });
    expect(uploads(accounts.target)).toHaveLength(1);
  });
});

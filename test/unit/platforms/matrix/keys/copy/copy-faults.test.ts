import { afterEach, describe, expect, it } from "vitest";
import { createBackupKeys } from "../../../../../support/keys/backup-crypto.ts";
import type { BackupRequest, Fault } from "../../../../../support/keys/backup-server.ts";
import { WRONG_VERSION, uploads } from "../../../../../support/keys/backup-server.ts";
import type { KeyAccounts } from "../../../../../support/keys/key-accounts.ts";
import { sessionsOf, startKeyAccounts } from "../../../../../support/keys/key-accounts.ts";

const keys = { source: createBackupKeys(), target: createBackupKeys() };
const ten = sessionsOf(keys.source.publicKey, 10);
const open: KeyAccounts[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((accounts) => accounts.stop()));
});

async function start(source = ten): Promise<KeyAccounts> {
  const accounts = await startKeyAccounts({ source: { "!a:x": source } }, keys);
  open.push(accounts);
  return accounts;
}

const isUpload = ({ method }: BackupRequest) => method === "PUT";

function idsIn({ body }: BackupRequest): string[] {
  return Object.values(body.rooms ?? {}).flatMap(({ sessions }) => Object.keys(sessions ?? {}));
}

/** Refuses uploads that a test names. */
function refuse(accounts: KeyAccounts, fault: Fault, isRefused: (ids: readonly string[]) => boolean): void {
  accounts.target.onRequest = (request) =>
    isUpload(request) && isRefused(idsIn(request)) ? fault : undefined;
}

const TOO_LARGE: Fault = { status: 413, body: "<html>413 Request Entity Too Large</html>" };
const BAD_ENTRY: Fault = { status: 400, body: { errcode: "M_INVALID_PARAM", error: "No <b>such</b> field" } };

describe("an upload that is too large for the server", () => {
  it("is halved, and the size that went through is kept", async () => {
    const accounts = await start();
    refuse(accounts, TOO_LARGE, (ids) => ids.length > 3);
    expect(await accounts.copy({ batchSize: 8 })).toMatchObject({ counts: { copied: 10, unusable: 0 } });
    expect(uploads(accounts.target).map(({ length }) => length)).toEqual([8, 4, 2, 2, 4, 2, 2, 2]);
    expect(accounts.progress.map(({ batchSize }) => batchSize)).toEqual([8, 2, 2, 2, 2, 2]);
  });

  it("costs one key if that key alone is too large, and not the size of later batches", async () => {
    const accounts = await start();
    refuse(accounts, TOO_LARGE, (ids) => ids.includes("s1"));
    expect(await accounts.copy({ batchSize: 4 })).toMatchObject({
      counts: { copied: 9, unusable: 1 },
      unusable: new Map([["!a:x", 1]]),
    });
    expect(accounts.progress.at(-1)).toMatchObject({ done: 10, batchSize: 2 });
  });

  it("ends the copy if the server takes nothing", async () => {
    const accounts = await start();
    refuse(accounts, TOO_LARGE, () => true);
    expect(await accounts.copy()).toMatchObject({ status: "stopped", reason: "batch_refused" });
  });
});

describe("an upload that the server refuses", () => {
  it.each([400, 403, 404])(
    "with %i is sent once more, then in halves down to the bad key",
    async (status) => {
      const accounts = await start();
      refuse(accounts, { ...BAD_ENTRY, status }, (ids) => ids.includes("s2"));
      expect(await accounts.copy({ batchSize: 4 })).toMatchObject({
        status: "copied",
        counts: { expected: 10, copied: 9, unusable: 1 },
        unusable: new Map([["!a:x", 1]]),
      });
      expect(uploads(accounts.target).map((ids) => ids.join())).toEqual([
        ...["s0,s1,s2,s3", "s0,s1,s2,s3", "s0,s1", "s2,s3", "s2", "s3"],
        ...["s4,s5,s6,s7", "s8,s9"],
      ]);
      const versions = accounts.target.requests.filter(({ path }) => path === "room_keys/version");
      expect(versions).toHaveLength(3);
    },
  );

  it("is taken at the second try if the refusal was for once", async () => {
    const accounts = await start();
    let refusals = 1;
    refuse(accounts, BAD_ENTRY, () => refusals-- > 0);
    expect(await accounts.copy()).toMatchObject({ counts: { copied: 10, unusable: 0 } });
    expect(uploads(accounts.target)).toHaveLength(2);
  });

  it("ends the copy with the server's words if no key of it is taken", async () => {
    const accounts = await start();
    refuse(accounts, BAD_ENTRY, (ids) => ids.some((id) => ["s4", "s5", "s6", "s7"].includes(id)));
    expect(await accounts.copy({ batchSize: 4 })).toEqual({
      status: "stopped",
      reason: "batch_refused",
      text: "No <b>such</b> field",
    });
  });

  it("costs the last key alone if it is the only one of the last batch", async () => {
    const accounts = await start();
    refuse(accounts, BAD_ENTRY, (ids) => ids.includes("s9"));
    expect(await accounts.copy({ batchSize: 3 })).toMatchObject({ counts: { copied: 9, unusable: 1 } });
  });

  it.each(Object.entries(WRONG_VERSION))(
    "by a %s because of another version starts over with its public key",
    async (_family, fault) => {
      const accounts = await start();
      const next = createBackupKeys();
      accounts.target.wrongVersion = fault;
      accounts.target.onRequest = (request) => {
        if (isUpload(request) && uploads(accounts.target).length === 2)
          accounts.target.backup = { version: "8", publicKey: next.publicKey, rooms: {} };
        return undefined;
      };
      const to = { version: "8", publicKey: next.publicKey };
      expect(await accounts.copy({ batchSize: 4 })).toMatchObject({
        status: "copied",
        to,
        counts: { copied: 10 },
      });
      expect(accounts.startedOver).toEqual([to]);
      const versions = accounts.target.requests.filter(isUpload).map(({ version }) => version);
      expect(versions).toEqual(["7", "7", "8", "8", "8"]);
    },
  );

  it.each([
    { title: "refused", status: 400, before: 2 },
    { title: "too large", status: 413, before: 1 },
  ])(
    "starts over if the backup is replaced while halves of a batch that is $title are sent",
    async (each) => {
      const accounts = await start();
      accounts.target.onRequest = (request) => {
        if (!isUpload(request) || request.version === "8") return undefined;
        const isReplaced = uploads(accounts.target).length > each.before;
        if (isReplaced)
          accounts.target.backup = { version: "8", publicKey: keys.target.publicKey, rooms: {} };
        return isReplaced ? undefined : { ...BAD_ENTRY, status: each.status };
      };
      expect(await accounts.copy()).toMatchObject({
        status: "copied",
        to: { version: "8" },
        counts: { copied: 10 },
      });
    },
  );

  it("because the backup is gone goes back to waiting", async () => {
    const accounts = await start();
    accounts.target.onRequest = (request) => {
      if (isUpload(request)) accounts.target.backup = null;
      return undefined;
    };
    expect(await accounts.copy()).toEqual({ status: "no_target_backup", reason: "none" });
  });
});

const limited = (seconds: number): Fault => ({
  status: 429,
  headers: { "retry-after": String(seconds) },
  body: { errcode: "M_LIMIT_EXCEEDED" },
});
const BROKEN: Fault = { status: 500, body: { errcode: "M_UNKNOWN", error: "Internal server error" } };
const PAGE: Fault = { status: 502, body: "<html>Bad gateway</html>" };

describe("a server that limits or does not answer", () => {
  it.each([
    { title: "limits", fault: limited(20), waits: [20_000] },
    { title: "limits without a time", fault: { ...limited(0), headers: {} }, waits: [1_000] },
    { title: "has an error", fault: BROKEN, waits: [1_000] },
    { title: "shows a page", fault: PAGE, waits: [1_000] },
    { title: "breaks the connection", fault: { isAnswerLost: true }, waits: [1_000] },
  ])("is waited for in place when it $title", async ({ fault, waits }) => {
    const accounts = await start();
    let faults = 1;
    refuse(accounts, fault, () => faults-- > 0);
    expect(await accounts.copy()).toMatchObject({ status: "copied", counts: { copied: 10 } });
    expect(accounts.waits).toEqual(waits);
  });

  it.each([
    { title: "limits", fault: limited(90), waitingFor: "limit", waitMs: 90_000 },
    { title: "has errors", fault: BROKEN, waitingFor: "server", waitMs: null },
    { title: "shows pages", fault: PAGE, waitingFor: "server", waitMs: null },
    { title: "breaks connections", fault: { isAnswerLost: true }, waitingFor: "server", waitMs: null },
  ])("makes the copy wait when it $title for long", async ({ fault, waitingFor, waitMs }) => {
    const accounts = await start();
    refuse(accounts, fault, () => true);
    expect(await accounts.copy()).toEqual({ status: "wait", side: "target", waitingFor, waitMs });
    expect(accounts.waits.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(60_000);
  });

  it.each(["room_keys/version", "room_keys/keys"])(
    "makes the copy wait if it is the old one, at %s",
    async (path) => {
      const accounts = await start();
      accounts.source.onRequest = (request) => (request.path === path ? limited(90) : undefined);
      const wait = { status: "wait", side: "source", waitingFor: "limit", waitMs: 90_000 };
      expect(await accounts.copy()).toEqual(wait);
    },
  );

  it.each(["source", "target"] as const)("ends the copy if it ended the session of the %s", async (side) => {
    const accounts = await start();
    accounts[side].onRequest = ({ path }) =>
      path === "room_keys/keys" ? { status: 401, body: { errcode: "M_UNKNOWN_TOKEN" } } : undefined;
    expect(await accounts.copy()).toEqual({ status: "refused", side, refusal: { code: "session_ended" } });
  });

  it.each([
    { title: "is no JSON", body: "<html>", status: "wait" },
    { title: "is a list", body: { rooms: [] }, status: "refused" },
    { title: "has rooms that are texts", body: { rooms: { "!a:x": "" } }, status: "refused" },
  ])("is not believed if the answer with its keys $title", async ({ body, status }) => {
    const accounts = await start();
    accounts.target.onRequest = ({ path, method }) =>
      method === "GET" && path === "room_keys/keys" ? { body } : undefined;
    expect(await accounts.copy()).toMatchObject({ status, side: "target" });
    expect(uploads(accounts.target)).toEqual([]);
  });
});

import { afterEach, describe, expect, it } from "vitest";
import type { Side } from "../../../../../src/model/account.ts";
import type { KeyComparison } from "../../../../../src/model/key-backup.ts";
import { readExistingBackup } from "../../../../../src/platforms/matrix/keys/backup.ts";
import type { ComparedAccount } from "../../../../../src/platforms/matrix/keys/compare.ts";
import { compareBackups } from "../../../../../src/platforms/matrix/keys/compare.ts";
import { UnreadableAccountError } from "../../../../../src/platforms/reading.ts";
import type { StoredRooms } from "../../../../support/keys/backup-crypto.ts";
import type { BackupServer, Fault } from "../../../../support/keys/backup-server.ts";
import type { KeyAccounts } from "../../../../support/keys/key-accounts.ts";
import { startKeyAccounts } from "../../../../support/keys/key-accounts.ts";

const A = "!a:old.example";
const B = "!b:old.example";
/** A comparison opens no entry, so nothing real is needed. */
const KEYS = { privateKey: "", publicKey: `${"B".repeat(42)}A` };

let accounts: KeyAccounts;
afterEach(() => accounts.stop());

async function start(source: StoredRooms, target: StoredRooms): Promise<void> {
  accounts = await startKeyAccounts({ source, target }, { source: KEYS, target: KEYS });
}

function entry(first_message_index: unknown, is_verified = false): object {
  return { first_message_index, forwarded_count: 0, is_verified, session_data: { ephemeral: "" } };
}

async function compare(): Promise<KeyComparison> {
  const compared = (side: Side): ComparedAccount => {
    const client = accounts.client(side);
    const request: typeof client.request = (asked) => client.request(asked);
    const backup = async () => (await readExistingBackup({ request }))?.backup ?? null;
    return { account: accounts.account(side), client, backup };
  };
  const clock = {
    sleep: async (ms: number) => void accounts.waits.push(ms),
    random: () => 0,
    now: () => 0,
  };
  const { worker } = accounts;
  return compareBackups({ source: compared("source"), target: compared("target") }, { worker, clock });
}

const paths = ({ requests }: BackupServer): string[] =>
  requests.map(({ method, path }) => `${method} ${path}`);

describe("two key backups", () => {
  it("are compared by index; a verified entry of the new one counts", async () => {
    await start(
      {
        [A]: { same: entry(3), better: entry(3), worse: entry(3), verified: entry(3) },
        [B]: { none: entry(0) },
      },
      {
        [A]: { same: entry(3), better: entry(0), worse: entry(4), verified: entry(9, true), more: entry(0) },
        "!other:x": { more: entry(0) },
      },
    );
    const found = await compare();
    expect(found.kind === "compared" && Object.fromEntries(found.rooms)).toEqual({
      [A]: { expected: 4, present: 3 },
      [B]: { expected: 1, present: 0 },
    });
    for (const server of [accounts.source, accounts.target])
      expect(paths(server)).toEqual(["GET room_keys/version", "GET room_keys/keys"]);
  });

  it.each<{ name: string; change: (server: BackupServer) => void }>([
    { name: "absent", change: (server) => (server.backup = null) },
    { name: "empty", change: ({ backup }) => backup && (backup.rooms = {}) },
    { name: "of an unknown kind", change: ({ backup }) => backup && (backup.algorithm = "m.other") },
  ])("are only counted if the new one is $name", async ({ change }) => {
    await start({ [A]: { one: entry(0), two: entry(0) } }, { [A]: { one: entry(0) } });
    change(accounts.target);
    const from = { version: "3", publicKey: KEYS.publicKey };
    expect(await compare()).toEqual({ kind: "counted", from, expected: 2 });
    expect([paths(accounts.source), paths(accounts.target)]).toEqual([
      ["GET room_keys/version"],
      ["GET room_keys/version"],
    ]);
  });

  it.each<{ name: string; kind: string; change: (server: BackupServer) => void }>([
    { name: "absent", kind: "none", change: (server) => (server.backup = null) },
    { name: "empty", kind: "none", change: ({ backup }) => backup && (backup.rooms = {}) },
    {
      name: "of an unknown kind",
      kind: "unknown_algorithm",
      change: ({ backup }) => backup && (backup.algorithm = "m.other"),
    },
    {
      name: "on a server without key backups",
      kind: "none",
      change: (server) =>
        (server.onRequest = () => ({ status: 404, body: { errcode: "M_UNRECOGNIZED", error: "?" } })),
    },
  ])("need one request if the old one is $name", async ({ kind, change }) => {
    await start({ [A]: { one: entry(0) } }, { [A]: { one: entry(0) } });
    change(accounts.source);
    expect(await compare()).toEqual({ kind });
    expect([paths(accounts.source), paths(accounts.target)]).toEqual([["GET room_keys/version"], []]);
  });

  it.each<{ name: string; path: string; fault: Fault; code: string }>([
    {
      name: "a refusal",
      path: "room_keys/version",
      fault: { status: 403, body: { errcode: "M_FORBIDDEN", error: "No." } },
      code: "server_refused",
    },
    {
      name: "a page of a proxy",
      path: "room_keys/version",
      fault: { status: 404, body: "<html>" },
      code: "unreachable",
    },
    { name: "another shape", path: "room_keys/version", fault: { body: { count: -1 } }, code: "unreachable" },
    {
      name: "a list of rooms",
      path: "room_keys/keys",
      fault: { body: { rooms: [1, 2] } },
      code: "unreachable",
    },
    { name: "half an answer", path: "room_keys/keys", fault: { breaksAfter: 20 }, code: "unreachable" },
    {
      name: "a version that is gone",
      path: "room_keys/keys",
      fault: { status: 404, body: { errcode: "M_NOT_FOUND", error: "Unknown backup version" } },
      code: "server_refused",
    },
    {
      name: "a failure",
      path: "room_keys/keys",
      fault: { status: 500, body: { errcode: "M_UNKNOWN", error: "?" } },
      code: "server_trouble",
    },
    {
      name: "an ended session",
      path: "room_keys/version",
      fault: { status: 401, body: { errcode: "M_UNKNOWN_TOKEN", error: "?" } },
      code: "session_ended",
    },
  ])("name the account whose server answers with $name", async ({ path, fault, code }) => {
    await start({ [A]: { one: entry(0) } }, { [A]: { one: entry(0) } });
    accounts.target.onRequest = (request) => (request.path === path ? fault : undefined);
    const error: unknown = await compare().catch((thrown: unknown) => thrown);
    if (!(error instanceof UnreadableAccountError)) throw error;
    expect([error.account.side, error.refusal.code]).toEqual(["target", code]);
  });
});

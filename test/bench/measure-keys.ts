/*
 * Measures one copy of keys in a process of its own, then the same work by bare requests and bare
 * crypto. `KeysCase` is JSON on standard input, `KeysMeasured` is JSON on standard output.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { text } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";
import type { Logger } from "pino";
import { pino } from "pino";
import { Agent, request } from "undici";
import type { Account, Side } from "../../src/model/account.ts";
import type { GuardedFetch, GuardedRequest } from "../../src/network/guarded-fetch.ts";
import { createGuardedFetch } from "../../src/network/guarded-fetch.ts";
import type { KeyCopyRequest } from "../../src/platforms/keys.ts";
import { HomeserverClient } from "../../src/platforms/matrix/api/homeserver-client.ts";
import type { EncryptedSession } from "../../src/platforms/matrix/keys/backup-cipher.ts";
import {
  backupPrivateKey,
  backupPublicKey,
  decryptSession,
  encryptSession,
} from "../../src/platforms/matrix/keys/backup-cipher.ts";
import { readBackup, readExistingBackup } from "../../src/platforms/matrix/keys/backup.ts";
import type { ComparedAccount } from "../../src/platforms/matrix/keys/compare.ts";
import { compareBackups } from "../../src/platforms/matrix/keys/compare.ts";
import type { CopiedAccount } from "../../src/platforms/matrix/keys/copy/copy-keys.ts";
import { copyKeys } from "../../src/platforms/matrix/keys/copy/copy-keys.ts";
import { KeyWorker } from "../../src/platforms/matrix/keys/worker/key-worker.ts";
import { BY_THE_CLOCK } from "../../src/platforms/matrix/reading/reader.ts";
import type { BackupAccount, KeysCase, KeysMeasured } from "./keys-case.ts";
import { keysCaseSchema } from "./keys-case.ts";

const KIBIBYTE = 1024;
const BATCH = 100;

type Rooms = Record<string, { sessions: Record<string, { session_data: EncryptedSession }> }>;

async function measure(measured: KeysCase): Promise<KeysMeasured> {
  const { source, target, privateKey } = measured;
  const log = pino({ level: "silent" });
  const { fetch, count } = countingFetch();
  const worker = new KeyWorker({ log });
  const clock = BY_THE_CLOCK;
  const accounts = {
    source: openBackup(accountOf(source, "source"), source, { fetch, log }),
    target: openBackup(accountOf(target, "target"), target, { fetch, log }),
  };
  await accounts.source.compared.backup();
  await setTimeout(500);
  const idleBytes = process.memoryUsage.rss();
  const requestsBefore = count();
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  const startedAt = performance.now();
  const request: KeyCopyRequest = {
    from: {
      kind: "backup",
      account: accounts.source.account,
      opened: { version: source.version, publicKey: source.publicKey, key: privateKey },
    },
    target: accounts.target.account,
    to: { version: target.version, publicKey: target.publicKey },
    hasStartedOver: false,
    batchSize: BATCH,
    onProgress: () => Promise.resolve(),
    onStartedOver: () => Promise.resolve(),
    signal: new AbortController().signal,
  };
  const result = await copyKeys(request, {
    source: accounts.source.copied,
    target: accounts.target.copied,
    ...{ worker, clock, log },
  });
  const copyMs = performance.now() - startedAt;
  delay.disable();
  // `maxRSS` is in kilobytes on every system (Node, process.resourceUsage).
  const peakBytes = process.resourceUsage().maxRSS * KIBIBYTE;
  const requests = count() - requestsBefore;
  if (result.status !== "copied") throw new Error(`the copy ended: ${result.status}`);
  const comparedFrom = performance.now();
  await compareBackups(
    { source: accounts.source.compared, target: accounts.target.compared },
    { worker, clock },
  );
  const compareMs = performance.now() - comparedFrom;
  await worker.stop();
  await fetch.close();
  const copied = result.counts.copied;
  const longestBlockMs = delay.max / 1_000_000;
  return {
    ...{ copied, copyMs, requests, compareMs, idleBytes, peakBytes, longestBlockMs },
    ...(await measureBare(measured)),
  };
}

/** The requests of a copy: both versions, the old keys twice, the new keys, uploads, a version. */
async function measureBare({
  source,
  target,
  bareTarget,
  privateKey,
}: KeysCase): Promise<Pick<KeysMeasured, "bareRequestsMs" | "bareCryptoMs">> {
  const agent = new Agent();
  const { rooms } = JSON.parse(await send(agent, target, "GET", keysPath(target))) as { rooms: Rooms };
  const bodies = [...batches(rooms)].map((batch) => JSON.stringify({ rooms: batch }));
  const startedAt = performance.now();
  for (const account of [source, bareTarget, bareTarget])
    await send(agent, account, "GET", "/room_keys/version");
  for (const account of [source, source, bareTarget]) await drop(agent, account, keysPath(account));
  for (const body of bodies) await send(agent, bareTarget, "PUT", keysPath(bareTarget), body);
  const bareRequestsMs = performance.now() - startedAt;
  const old = JSON.parse(await send(agent, source, "GET", keysPath(source))) as { rooms: Rooms };
  await agent.close();
  const sessions = Object.values(old.rooms).flatMap((room) => Object.values(room.sessions));
  const decryptWith = backupPrivateKey(privateKey);
  const encryptFor = backupPublicKey(target.publicKey);
  const cryptoFrom = performance.now();
  for (const session of sessions)
    encryptSession(encryptFor, decryptSession(decryptWith, session.session_data));
  return { bareRequestsMs, bareCryptoMs: performance.now() - cryptoFrom };
}

function* batches(rooms: Rooms): Generator<Rooms, void, undefined> {
  let batch: Rooms = {};
  let size = 0;
  for (const [roomId, { sessions }] of Object.entries(rooms))
    for (const [sessionId, entry] of Object.entries(sessions)) {
      (batch[roomId] ??= { sessions: {} }).sessions[sessionId] = entry;
      size += 1;
      if (size < BATCH) continue;
      yield batch;
      batch = {};
      size = 0;
    }
  if (size > 0) yield batch;
}

function keysPath({ version }: BackupAccount): string {
  return `/room_keys/keys?version=${version}`;
}

async function send(
  agent: Agent,
  account: BackupAccount,
  method: "GET" | "PUT",
  path: string,
  body: string | null = null,
): Promise<string> {
  const answer = await open(agent, account, method, path, body);
  if (answer.statusCode !== 200) throw new Error(`${method} ${path}: ${answer.statusCode}`);
  return await answer.body.text();
}

async function drop(agent: Agent, account: BackupAccount, path: string): Promise<void> {
  const { body } = await open(agent, account, "GET", path, null);
  for await (const _ of body);
}

async function open(
  agent: Agent,
  { baseUrl, accessToken }: BackupAccount,
  method: "GET" | "PUT",
  path: string,
  body: string | null,
) {
  return await request(`${baseUrl}/_matrix/client/v3${path}`, {
    dispatcher: agent,
    method,
    headers: { authorization: `Bearer ${accessToken}`, "content-type": "application/json" },
    body,
  });
}

function countingFetch(): { fetch: GuardedFetch; count: () => number } {
  const guarded = createGuardedFetch({ allowPrivate: ["127.0.0.0/8"] });
  let requests = 0;
  const counting = async (url: string, options: GuardedRequest = {}) => {
    requests += 1;
    return await guarded(url, options);
  };
  const stream: GuardedFetch["stream"] = async (url, options) => {
    requests += 1;
    return await guarded.stream(url, options);
  };
  return {
    fetch: Object.assign(counting, { stream, close: () => guarded.close() }),
    count: () => requests,
  };
}

function accountOf({ userId, baseUrl }: BackupAccount, side: Side): Account {
  return { owner: userId, side, userId, baseUrl, method: "password", deviceId: "BENCH", signedInAt: 0 };
}

function openBackup(
  account: Account,
  { accessToken }: BackupAccount,
  { fetch, log }: { fetch: GuardedFetch; log: Logger },
): { account: Account; copied: CopiedAccount; compared: ComparedAccount } {
  const { baseUrl, userId } = account;
  const client = new HomeserverClient({ baseUrl, fetch, log, accessToken: () => accessToken });
  const session = { userId, request: client.request.bind(client) };
  return {
    account,
    copied: { client, backup: (wanted) => readBackup(session, wanted) },
    compared: { account, client, backup: async () => (await readExistingBackup(session))?.backup ?? null },
  };
}

const result = await measure(keysCaseSchema.parse(JSON.parse(await text(process.stdin))));
process.stdout.write(JSON.stringify(result));

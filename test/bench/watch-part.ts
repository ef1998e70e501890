import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { pino } from "pino";
import { KeyedQueue } from "../../src/model/keyed-queue.ts";
import type { RunRoom } from "../../src/model/run-room.ts";
import type { GuardedFetch, GuardedRequest } from "../../src/network/guarded-fetch.ts";
import { createMatrixPlatform } from "../../src/platforms/matrix/platform.ts";
import { WatchLook } from "../../src/service/run/watch-look.ts";
import { NO_MEMORY } from "../../src/service/run/watch-memory.ts";
import type { Store } from "../../src/store/store.ts";
import { openStore } from "../../src/store/store.ts";
import { fetchOfAnswers } from "../support/fakes/fetch-of-answers.ts";
import { room } from "../support/fakes/scripted-runner.ts";
import { NO_DEVICES } from "../support/keys/no-devices.ts";
import { accountsIn } from "../support/store/accounts-in.ts";
import type { Bench } from "./bench.ts";
import { kilobytes, seconds, textTable } from "./table.ts";

/** Runs that have ended a day ago or longer look this often. */
const LOOKS_AN_HOUR = 4;
const ROOMS_IN_ALL = 300;
const NAMES = { source: "old.example", target: "new.example" };

/**
 * Measures what runs that only watch cost this process: the looks of one interval, one after the
 * other, on a real store and on servers in this process that answer at once.
 */
export async function benchWatch(
  { folder, log }: Bench,
  cases: readonly { runs: number; rooms: number }[],
): Promise<string> {
  const lines: string[][] = [];
  for (const [index, { runs, rooms }] of cases.entries()) {
    log(`watch: ${runs} runs with ${rooms} waiting rooms`);
    lines.push(await measured(join(folder, `watch-${index}`), runs, rooms));
  }
  const heads = [
    "runs × waiting rooms",
    "ms of CPU a look",
    "s of CPU an hour",
    "requests an hour",
    "kB a look",
  ];
  return `Runs that only watch, of moves of ${ROOMS_IN_ALL} rooms\n${textTable(heads, lines)}`;
}

async function measured(folder: string, count: number, waiting: number): Promise<string[]> {
  const store = openStore({ dataDir: folder, secretKey: randomBytes(32), reportUnreadable: () => undefined });
  const traffic = { requests: 0, bytes: 0 };
  const runIds = await watchedRuns(store, count, waiting);
  const log = pino({ level: "silent" });
  const look = new WatchLook({
    accounts: accountsIn(store),
    platforms: {
      matrix: createMatrixPlatform({
        sessionStore: store.accounts,
        devices: NO_DEVICES,
        fetch: serversWithoutNews(waiting, traffic),
        servers: {},
        introduction: { clientName: "Matrix Mover", clientUri: "https://mover.example.org" },
        monotonicNow: Date.now,
        now: Date.now,
        log,
      }),
    },
    runs: store.runs,
    steps: store.steps,
    runner: { begin: async () => undefined },
    ends: new KeyedQueue(),
    leftChats: { toWatch: async () => [], left: async () => undefined },
    listener: { roomsLetIn: async () => undefined, watchHindered: async () => undefined },
    monotonicNow: Date.now,
    now: Date.now,
    log,
  });
  const { signal } = new AbortController();
  // The features of the servers are read once.
  for (const runId of runIds.slice(0, 10)) await look.look(runId, { ...NO_MEMORY }, signal);
  Object.assign(traffic, { requests: 0, bytes: 0 });
  const before = process.cpuUsage();
  for (const runId of runIds) await look.look(runId, { ...NO_MEMORY }, signal);
  const { user, system } = process.cpuUsage(before);
  await store.close();
  const cpuMs = (user + system) / 1_000;
  return [
    `${count} × ${waiting}`,
    (cpuMs / count).toFixed(2),
    seconds(cpuMs * LOOKS_AN_HOUR),
    String(traffic.requests * LOOKS_AN_HOUR),
    kilobytes(traffic.bytes / count),
  ];
}

async function watchedRuns(store: Store, count: number, waiting: number): Promise<number[]> {
  const runIds: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const owner = `@person${index}:${NAMES.source}`;
    const userId = { source: owner, target: `@person${index}:${NAMES.target}` };
    for (const side of ["source", "target"] as const)
      await store.accounts.put(
        {
          owner,
          side,
          userId: userId[side],
          baseUrl: `https://${NAMES[side]}`,
          method: "token",
          deviceId: null,
          signedInAt: 0,
        },
        { accessToken: `${side} ${userId[side]}` },
      );
    const address = {
      roomId: "!chat:new.example",
      eventId: "$start",
      threadRoot: null,
      roomKind: "direct",
      sender: owner,
      isEncrypted: false,
    } as const;
    const run = await store.runs.create(
      {
        owner,
        platform: "matrix",
        isFromFile: false,
        planNumber: 1,
        purpose: "move",
        ...userId,
        address,
        request: {},
        startedAt: 0,
      },
      { rooms: roomsOfRun(waiting), steps: [], isInPlace: true },
    );
    if (run === null) throw new Error("another run is active");
    await store.runs.apply(run.id, "settled_with_watch", { endedAt: 0 });
    runIds.push(run.id);
  }
  return runIds;
}

function roomsOfRun(waiting: number): RunRoom[] {
  return Array.from({ length: ROOMS_IN_ALL }, (_, index) => {
    const isWaiting = index < waiting;
    return { ...room(roomIdOf(index), !isWaiting), ...(isWaiting && { status: "needs_moderator" as const }) };
  });
}

function roomIdOf(index: number): string {
  return `!room${index}AbCdEfGhIjKl:${NAMES.source}`;
}

/** Two servers with sliding sync. Every waiting room is as it was. */
function serversWithoutNews(waiting: number, traffic: { requests: number; bytes: number }): GuardedFetch {
  const versions = { versions: ["v1.11"], unstable_features: { "org.matrix.simplified_msc3575": true } };
  const answer = async (url: string, options: GuardedRequest = {}) => {
    const [, side, userId = ""] = (options.headers?.["authorization"] ?? "").split(" ");
    const rooms = side === "source" ? seenBySource(waiting, userId) : {};
    const body = url.includes("/versions") ? versions : { pos: "1", rooms };
    const bytes = new TextEncoder().encode(JSON.stringify(body));
    traffic.requests += 1;
    traffic.bytes += bytes.length;
    return { status: 200, headers: { "content-type": "application/json" }, body: bytes, url };
  };
  return fetchOfAnswers(answer);
}

function seenBySource(waiting: number, sourceUserId: string): Record<string, unknown> {
  const event = (type: string, stateKey: string, content: unknown) => ({
    type,
    state_key: stateKey,
    content,
    sender: `@admin:${NAMES.source}`,
    event_id: "$0123456789012345678901234567890123456789012",
    origin_server_ts: 1_700_000_000_000,
    unsigned: { age: 1 },
  });
  const state = [
    event("m.room.member", sourceUserId, { membership: "join", displayname: "Somebody" }),
    event("m.room.join_rules", "", { join_rule: "invite" }),
  ];
  return Object.fromEntries(
    Array.from({ length: waiting }, (_, index) => [
      roomIdOf(index),
      { required_state: state, joined_count: 20 },
    ]),
  );
}

/*
 * Measures one case in a process of its own, so that the peak memory belongs to this case alone.
 * The case is JSON on standard input, the result is JSON on standard output.
 */
import { text } from "node:stream/consumers";
import { pino } from "pino";
import type { GuardedFetch, GuardedRequest } from "../../src/network/guarded-fetch.ts";
import { createGuardedFetch } from "../../src/network/guarded-fetch.ts";
import { HomeserverClient } from "../../src/platforms/matrix/api/homeserver-client.ts";
import type { ReadableAccount } from "../../src/platforms/matrix/decide-rooms.ts";
import { decideRooms } from "../../src/platforms/matrix/decide-rooms.ts";
import { planRooms } from "../../src/platforms/matrix/planning/plan-rooms.ts";
import type { AccountReading } from "../../src/platforms/matrix/reading/account-reading.ts";
import { readAccount } from "../../src/platforms/matrix/reading/read-account.ts";
import { createReader } from "../../src/platforms/matrix/reading/reader.ts";
import { SLIDING_SYNC_FEATURE } from "../../src/platforms/matrix/reading/sliding-sync-request.ts";
import type { AccountSnapshot } from "../../src/platforms/matrix/rooms/types.ts";
import { multiplied } from "./multiplied.ts";
import type { Case, Measured } from "./reading-case.ts";
import { caseSchema } from "./reading-case.ts";

const KIBIBYTE = 1024;

async function measure(measured: Case): Promise<Measured> {
  const fetch = openFetch(measured.how);
  try {
    const baseBytes = process.memoryUsage.rss();
    const accounts = {
      source: readable(measured.source, measured, fetch),
      target: readable(measured.target, measured, fetch),
    };
    const { source, target } = accounts;
    const startedAt = performance.now();
    // Both accounts are read side by side, as in the bot.
    const [sourceReading, targetReading] = await Promise.all([
      read(source, target, true),
      read(target, source, false),
    ]);
    const readAt = performance.now();
    if (sourceReading.method !== measured.how)
      throw new Error(`the account was read by ${sourceReading.method}`);
    const readings = { source: sourceReading, target: targetReading };
    const { rooms } = await decideRooms(accounts, readings, {});
    const decidedAt = performance.now();
    // The refused sync never reaches the server.
    const unsent = measured.how === "per_room" ? 1 : 0;
    const snapshots = { source: sourceReading.snapshot, target: targetReading.snapshot };
    const planningMs = timePlanning(snapshots);
    // `maxRSS` is in kilobytes on every system (Node, process.resourceUsage).
    const peakBytes = process.resourceUsage().maxRSS * KIBIBYTE;
    return {
      rooms: rooms.length,
      requests: {
        source: sourceReading.requests - unsent,
        target: targetReading.requests - unsent,
        decidingSource: source.reader.requests - sourceReading.requests,
        decidingTarget: target.reader.requests - targetReading.requests,
      },
      readingMs: readAt - startedAt,
      decidingMs: decidedAt - readAt,
      planningMs,
      baseBytes,
      peakBytes,
      planOnly: measured.planOnly.map((count) => planMany(snapshots, count, rooms.length)),
    };
  } finally {
    await fetch.close();
  }
}

function readable(
  { baseUrl, userId, accessToken }: Case["source"],
  { how }: Pick<Case, "how">,
  fetch: GuardedFetch,
): ReadableAccount {
  const log = pino({ level: "silent" });
  const client = new HomeserverClient({ baseUrl, fetch, log, accessToken: () => accessToken });
  const features = { unstableFeatures: { [SLIDING_SYNC_FEATURE]: how === "sliding_sync" } };
  return { userId, features, reader: createReader({ client, log }) };
}

/**
 * An account is read room by room only where a sync with the rooms' state fails. This refuses such
 * a sync.
 */
function openFetch(how: Case["how"]): GuardedFetch {
  const guarded = createGuardedFetch({ allowPrivate: ["127.0.0.0/8"] });
  if (how !== "per_room") return guarded;
  const refusing = async (url: string, options: GuardedRequest = {}) => {
    const isWhole = new URL(url).searchParams.get("filter")?.includes("m.room.create") === true;
    const body = new TextEncoder().encode('{"errcode":"M_UNRECOGNIZED"}');
    return isWhole ? { status: 404, headers: {}, body, url } : await guarded(url, options);
  };
  return Object.assign(refusing, { stream: guarded.stream, close: () => guarded.close() });
}

function read(
  { userId, reader, features }: ReadableAccount,
  other: ReadableAccount,
  isOtherMemberNeeded: boolean,
): Promise<AccountReading> {
  return readAccount(reader, { userId, otherUserId: other.userId, isOtherMemberNeeded, features });
}

/** Runs the planner's first pass, which names the members it needs, and its last pass. */
function timePlanning(snapshots: { source: AccountSnapshot; target: AccountSnapshot }): number {
  const startedAt = performance.now();
  planRooms(snapshots);
  planRooms({ ...snapshots, areMembersRead: true });
  return performance.now() - startedAt;
}

function planMany(
  { source, target }: { source: AccountSnapshot; target: AccountSnapshot },
  count: number,
  rows: number,
): Measured["planOnly"][number] {
  const times = Math.ceil(count / rows);
  const many = { source: multiplied(source, times), target: multiplied(target, times) };
  return { rooms: planRooms(many).rooms.length, planningMs: timePlanning(many) };
}

const result = await measure(caseSchema.parse(JSON.parse(await text(process.stdin))));
process.stdout.write(JSON.stringify(result));

import { sides } from "../../model/account.ts";
import { ownLimitOfLane, requestsByLimit, sideOfLane } from "../../model/lanes.ts";
import type { Run } from "../../model/run.ts";
import type { EndWait } from "../../queue/end-wait.ts";
import type { Limits } from "../../queue/rate-limits.ts";
import type { StepCount } from "../../store/steps.ts";
import type { RoomCounts, RunWait } from "./results.ts";

/** Facts besides the rows of a run. */
export interface WaitFacts {
  /** The server of an account. */
  serverName: (userId: string) => string;
  /** The limits of both accounts, loaded. */
  limits: Pick<Limits, "nextAt" | "expectedMs">;
  /** When a homeserver that is away is asked again; `null` if it answers. */
  awayUntil: (serverName: string) => number | null;
  /** The wait of the run before it can end; `null` for none. */
  endWait: EndWait | null;
  /** When the daily limit allows the next new chat, and how many it allows a day. */
  nextChatAt: number;
  newChatsPerDay: number;
  /** In milliseconds since the epoch. */
  now: number;
}

/** The causes for which the steps of a run wait now. */
export function waitsOf(
  run: Pick<Run, "source" | "target">,
  counts: readonly StepCount[],
  { serverName: serverOf, limits, awayUntil, endWait, nextChatAt, now: at }: WaitFacts,
): RunWait[] {
  const found = new Map<string, RunWait>();
  if (endWait !== null && endWait.until > at)
    add({ ...endWait, serverName: serverOf(run[endWait.side]), limit: null, steps: 0 });
  for (const { lane, state, isBlocked, waitingFor, waitsForSide, notBefore, count } of counts) {
    if (state !== "pending" || isBlocked) continue;
    const [side, limit] = [sideOfLane(lane), ownLimitOfLane(lane)];
    const serverName = serverOf(run[side]);
    const away = awayUntil(serverName);
    // Content that is written to one server may first have to be read from the other.
    const other = waitsForSide !== null && waitsForSide !== side && notBefore > at ? waitsForSide : null;
    const limitedUntil = limit === null ? at : limits.nextAt(run[side], limit, at);
    if (waitingFor === "daily_limit" && nextChatAt > at)
      add({ side, serverName, waitingFor, limit: null, until: nextChatAt, steps: count });
    else if (away !== null)
      add({ side, serverName, waitingFor: "server", limit: null, until: away, steps: count });
    else if (other !== null && (waitingFor === "server" || waitingFor === "limit"))
      add({
        side: other,
        serverName: serverOf(run[other]),
        waitingFor,
        limit: null,
        until: notBefore,
        steps: count,
      });
    else if (waitingFor === "room" && notBefore > at)
      add({ side, serverName, waitingFor: "room", limit: null, until: notBefore, steps: count });
    else if (limitedUntil > at)
      add({ side, serverName, waitingFor: "limit", limit, until: limitedUntil, steps: count });
    else if (notBefore > at && waitingFor !== null)
      add({
        side,
        serverName,
        waitingFor: waitingFor === "limit" ? "limit" : "server",
        limit,
        until: notBefore,
        steps: count,
      });
  }
  return [...found.values()];

  function add(wait: RunWait): void {
    const key = `${wait.side} ${wait.waitingFor} ${wait.limit ?? ""}`;
    const before = found.get(key);
    const until = Math.min(before?.until ?? Number.POSITIVE_INFINITY, wait.until ?? Number.POSITIVE_INFINITY);
    found.set(key, { ...wait, until, steps: (before?.steps ?? 0) + wait.steps });
  }
}

/**
 * When everything will be done that needs no help from people. It follows from the limits, because
 * everything else is fast. `null` while a server does not answer.
 */
export function expectedEndOf(
  run: Pick<Run, "source" | "target">,
  counts: readonly StepCount[],
  waits: readonly RunWait[],
  { limits, newChatsPerDay, now: at }: Pick<WaitFacts, "limits" | "newChatsPerDay" | "now">,
): number | null {
  if (waits.some(({ waitingFor }) => waitingFor === "server")) return null;
  let longestMs = 0;
  for (const side of sides) {
    const ofSide = counts.filter(
      ({ lane, state }) => (state === "pending" || state === "taken") && sideOfLane(lane) === side,
    );
    const open = requestsByLimit(
      ofSide.map(({ kind, lane, count }) => ({ kind, limit: ownLimitOfLane(lane), count })),
    );
    longestMs = Math.max(longestMs, limits.expectedMs(run[side], open, at));
  }
  const untilAll = waits.map(({ waitingFor, until, steps }) => {
    const days = waitingFor === "daily_limit" ? Math.floor((steps - 1) / newChatsPerDay) : 0;
    return (until ?? at) + days * DAY_MS;
  });
  return Math.max(at + longestMs, ...untilAll);
}

const DAY_MS = 24 * 3_600_000;

/**
 * Whether all steps that can run wait for the daily limit on new chats. Then the run is not under
 * way for its owner.
 */
export function waitsOnlyForDay(counts: readonly StepCount[], now: number): boolean {
  const open = counts.filter(
    ({ state, isBlocked }) => state === "taken" || (state === "pending" && !isBlocked),
  );
  return (
    open.length > 0 &&
    open.every(({ waitingFor, notBefore }) => waitingFor === "daily_limit" && notBefore > now)
  );
}

/** The rooms of a run by what is left to do. @param counts rooms by status */
export function roomCounts(counts: ReadonlyMap<string, number>): RoomCounts {
  const of = (...statuses: string[]): number =>
    statuses.reduce((sum, status) => sum + (counts.get(status) ?? 0), 0);
  return {
    done: of("done"),
    open: of("planned", "running", "waiting"),
    needsModerator: of("needs_moderator"),
    needsYou: of("needs_you"),
    failed: of("failed"),
    skipped: of("skipped"),
  };
}

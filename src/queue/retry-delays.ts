const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;

/** The delays before the next tries of a step whose server answered with an error. */
const SERVER_ERROR_MS = [SECOND_MS, 5 * SECOND_MS, 30 * SECOND_MS, 2 * MINUTE_MS, 10 * MINUTE_MS];
/**
 * The delays before the next tries of a step on a room whose servers do not answer. They may be
 * away for an hour.
 */
const ROOM_AWAY_MS = [10 * SECOND_MS, MINUTE_MS, 5 * MINUTE_MS, 20 * MINUTE_MS, 60 * MINUTE_MS];
/**
 * The same for steps that only add to a room, for example a read marker. Only the end of the run
 * waits for them.
 */
const ROOM_CONTENT_MS = [10 * SECOND_MS, MINUTE_MS, 5 * MINUTE_MS];
/**
 * The delays before the next tries of a request that gets no answer, while its server answers
 * others: a firewall or a proxy is in the way. That says nothing about the room, so no other route
 * is taken before the last of them.
 */
const UNANSWERED_MS = [1, 5, 15, 30, 60, 2 * 60, 5 * 60, 10 * 60, 30 * 60].map((s) => s * SECOND_MS);
/** The delays for a room with another route, which is tried soon. */
const OTHER_ROUTE_MS = [2 * SECOND_MS];

/**
 * Why a try of a step failed.
 * - `error`: its server answered with an error.
 * - `unanswered`: its server answers other requests, but not this one.
 * - `room`: other servers of its room do not answer.
 */
export type FailureCause = "error" | "unanswered" | "room";

/**
 * How long to wait before a step is tried again.
 * @param failures how often it has failed
 * @param isEntry whether it brings the account into a room
 * @returns `null` if the step is given up
 */
export function retryDelayMs(
  failures: number,
  { cause, isEntry, hasOtherRoute }: { cause: FailureCause; isEntry: boolean; hasOtherRoute: boolean },
): number | null {
  return delaysOf(cause)[failures] ?? null;

  function delaysOf(of: FailureCause): readonly number[] {
    if (of === "unanswered") return UNANSWERED_MS;
    if (hasOtherRoute) return OTHER_ROUTE_MS;
    if (of === "error") return SERVER_ERROR_MS;
    return isEntry ? ROOM_AWAY_MS : ROOM_CONTENT_MS;
  }
}

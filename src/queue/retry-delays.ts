const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;

/** The delays before the next tries of a step whose server answered with an error. */
const SERVER_ERROR_MS = [SECOND_MS, 5 * SECOND_MS, 30 * SECOND_MS, 2 * MINUTE_MS, 10 * MINUTE_MS];
/**
 * The delays before the next tries of a step on a room whose servers do not answer. They may be
 * away for an hour.
 */
const ROOM_AWAY_MS = [10 * SECOND_MS, MINUTE_MS, 5 * MINUTE_MS, 20 * MINUTE_MS, 60 * MINUTE_MS];
/** The delays for a room with another route, which is tried soon. */
const OTHER_ROUTE_MS = [2 * SECOND_MS];

/**
 * How long to wait before a step is tried again.
 * @param failures how often it has failed
 * @returns `null` if the step is given up
 */
export function retryDelayMs(
  failures: number,
  { isRoom, hasOtherRoute }: { isRoom: boolean; hasOtherRoute: boolean },
): number | null {
  const delays = hasOtherRoute ? OTHER_ROUTE_MS : isRoom ? ROOM_AWAY_MS : SERVER_ERROR_MS;
  return delays[failures] ?? null;
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;

/** Pauses before the next tries of a step whose server stumbles. */
const STUMBLES_MS = [SECOND_MS, 5 * SECOND_MS, 30 * SECOND_MS, 2 * MINUTE_MS, 10 * MINUTE_MS];
/** And of a room none of whose servers answers: they may be away for an hour. */
const ROOM_AWAY_MS = [10 * SECOND_MS, MINUTE_MS, 5 * MINUTE_MS, 20 * MINUTE_MS, 60 * MINUTE_MS];
/** Where there is another way in, the room is not waited for. */
const OTHER_ROUTE_MS = [2 * SECOND_MS];

/**
 * How long to wait before a step is tried again that failed so often; `null` when it is given up.
 */
export function retryDelayMs(
  failures: number,
  { isRoom, hasOtherRoute }: { isRoom: boolean; hasOtherRoute: boolean },
): number | null {
  const pauses = hasOtherRoute ? OTHER_ROUTE_MS : isRoom ? ROOM_AWAY_MS : STUMBLES_MS;
  return pauses[failures] ?? null;
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/**
 * The interval between looks, by the time since the run ended. People answer soon, or much later. A
 * look is two requests that no limit counts.
 */
const RHYTHM: readonly { until: number; everyMs: number }[] = [
  { until: 10 * MINUTE_MS, everyMs: 10 * SECOND_MS },
  { until: HOUR_MS, everyMs: MINUTE_MS },
  { until: 24 * HOUR_MS, everyMs: 5 * MINUTE_MS },
];
const SLOWEST_MS = 15 * MINUTE_MS;

/** Rooms that need requests of their own are read at most this often. */
export const READS_ROOMS_EVERY_MS = 5 * MINUTE_MS;
/** What the server of the old account refuses to write is tried again at most this often. */
export const RETRIES_REFUSED_EVERY_MS = HOUR_MS;
/** A server that has been away this long is named to the person, once. */
export const AWAY_LONG_MS = 2 * SLOWEST_MS;

/** The golden ratio spreads consecutive numbers evenly. */
const SPREAD = (Math.sqrt(5) - 1) / 2;

/** How long after a run has ended its next look follows. */
export function lookEveryMs(overForMs: number): number {
  return RHYTHM.find(({ until }) => overForMs < until)?.everyMs ?? SLOWEST_MS;
}

/**
 * The share of the interval after which the first look of a process follows, from 0 up to 1. It
 * depends on the run alone, so that many runs do not look at the same moment.
 */
export function phaseOf(runId: number): number {
  return (runId * SPREAD) % 1;
}

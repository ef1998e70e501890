/**
 * Limit for one answer that lists rooms. Normal answers have 2 to 3 kB a room; a server that sends
 * more is hostile or broken.
 */
export const MAX_ROOMS_ANSWER_BYTES = 64 * 1_048_576;

/** Rooms of one sliding-sync request. */
export const WINDOW = 500;

/** The number of parallel requests if each room needs its own. */
export const CONCURRENCY = 4;

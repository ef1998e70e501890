/**
 * Most bytes of one answer that lists rooms. Normal ones have 2 to 3 kB a room; a server that sends
 * more is hostile or broken.
 */
export const MAX_BYTES = 64 * 1_048_576;

/** Rooms of one sliding-sync request at most. */
export const WINDOW = 500;

/** Requests under way at once where each room takes its own. */
export const CONCURRENCY = 4;

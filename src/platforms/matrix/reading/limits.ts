const BASE_ANSWER_BYTES = 8 * 1_048_576;
const BYTES_PER_ROOM = 16_384;
const MAX_ANSWER_BYTES = 64 * 1_048_576;

/**
 * Limit for one answer that lists rooms. Normal answers have 2 to 3 kB a room, besides the account
 * data; a server that sends more is hostile or broken.
 */
export function maxRoomsAnswerBytes(rooms: number): number {
  return Math.min(BASE_ANSWER_BYTES + BYTES_PER_ROOM * rooms, MAX_ANSWER_BYTES);
}

/** Rooms of one sliding-sync request. */
export const WINDOW = 500;

/** The number of parallel requests if each room needs its own. */
export const CONCURRENCY = 4;

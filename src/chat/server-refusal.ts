import { MatrixError } from "matrix-bot-sdk";

/**
 * What a wait of the server's is when it does not say how long, and the shortest one that is kept:
 * "0" would mean asking without end.
 */
const UNKNOWN_WAIT_MS = 5_000;
const SHORTEST_WAIT_MS = 500;

/** These pass: the session may be renewed, the proxy was impatient, the limit ends. */
const PASSING_STATUS: readonly number[] = [401, 408, 425, 429];

/**
 * The error status in what matrix-bot-sdk throws: a `MatrixError`, or where the body is no Matrix
 * error (a proxy's page) the bare answer. Null where there was no answer.
 */
function errorStatus(error: unknown): number | null {
  return typeof error === "object" &&
    error !== null &&
    "statusCode" in error &&
    typeof error.statusCode === "number"
    ? error.statusCode
    : null;
}

/** Whether the bot's homeserver refused what will be refused again however often it is tried. */
export function isFinalRefusal(error: unknown): boolean {
  const status = errorStatus(error);
  return status !== null && status >= 400 && status < 500 && !PASSING_STATUS.includes(status);
}

/** Whether the bot's homeserver, or the one it asked on the bot's behalf, does not let the bot. */
export function isForbidden(error: unknown): boolean {
  return errorStatus(error) === 403;
}

/**
 * Whether the bot's homeserver, or the one it asked on the bot's behalf, knows nothing of the room
 * that it shows the bot.
 */
export function isUnknown(error: unknown): boolean {
  return errorStatus(error) === 404;
}

/**
 * How long the bot's homeserver asks all of the bot to wait (CS API §Rate limiting); null when it
 * does not.
 */
export function limitWaitMs(error: unknown): number | null {
  if (errorStatus(error) !== 429) return null;
  const asked: unknown = error instanceof MatrixError ? error.retryAfterMs : undefined;
  return typeof asked === "number" ? Math.max(SHORTEST_WAIT_MS, asked) : UNKNOWN_WAIT_MS;
}

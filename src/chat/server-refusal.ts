import { MatrixError } from "matrix-bot-sdk";

/**
 * The wait if the server names none, and the shortest wait that is used: "0" would mean to ask
 * without end.
 */
const UNKNOWN_WAIT_MS = 5_000;
const SHORTEST_WAIT_MS = 500;

/**
 * Temporary status codes: 401 (the session may be renewed), 408 and 425 (a timeout, often of a
 * proxy), 429 (the rate limit ends).
 */
const PASSING_STATUS: readonly number[] = [401, 408, 425, 429];

/**
 * The HTTP status of an error that matrix-bot-sdk throws: a `MatrixError`, or the bare answer if
 * the body is no Matrix error (a proxy's page). Null if there was no answer.
 */
function errorStatus(error: unknown): number | null {
  return typeof error === "object" &&
    error !== null &&
    "statusCode" in error &&
    typeof error.statusCode === "number"
    ? error.statusCode
    : null;
}

/**
 * Whether the bot's homeserver refused the request for good: another try would get the same answer.
 */
export function isFinalRefusal(error: unknown): boolean {
  const status = errorStatus(error);
  return status !== null && status >= 400 && status < 500 && !PASSING_STATUS.includes(status);
}

/** Whether the bot's homeserver, or a server that it asked, forbids the request. */
export function isForbidden(error: unknown): boolean {
  return errorStatus(error) === 403;
}

/**
 * Whether the bot's homeserver, or a server that it asked, does not know the room, or does not show
 * it to the bot.
 */
export function isUnknown(error: unknown): boolean {
  return errorStatus(error) === 404;
}

/** How long the server asks the whole bot to wait (CS API §Rate limiting). Null if it does not. */
export function limitWaitMs(error: unknown): number | null {
  if (errorStatus(error) !== 429) return null;
  const asked: unknown = error instanceof MatrixError ? error.retryAfterMs : undefined;
  return typeof asked === "number" ? Math.max(SHORTEST_WAIT_MS, asked) : UNKNOWN_WAIT_MS;
}

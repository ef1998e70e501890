import { MatrixError } from "matrix-bot-sdk";

/**
 * The wait if the server names none, and the shortest wait that is used: "0" would mean to ask
 * without end.
 */
const UNKNOWN_WAIT_MS = 5_000;
const SHORTEST_WAIT_MS = 500;
/**
 * The longest wait that is believed. Answers and redactions wait too. A server that needs more time
 * asks again.
 */
const LONGEST_WAIT_MS = 10 * 60_000;

/**
 * Temporary status codes: 401 (the session may be renewed), 408 and 425 (a timeout, often of a
 * proxy), 429 (the rate limit ends).
 */
const PASSING_STATUS: readonly number[] = [401, 408, 425, 429];
const TOO_LARGE = 413;

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
 * An answer without a Matrix error comes from something in front of the homeserver and is no
 * verdict. The exception is a body that is too large for a proxy, because it stays too large.
 */
export function isFinalRefusal(error: unknown): boolean {
  const status = errorStatus(error);
  if (!(error instanceof MatrixError)) return status === TOO_LARGE;
  return status !== null && status >= 400 && status < 500 && !PASSING_STATUS.includes(status);
}

/**
 * Whether the server answered so that a repetition is useless: a refusal, or the demand for a
 * password. A locked account does not count, because it can be unlocked.
 */
export function isAnswer(error: unknown): boolean {
  const isLocked = error instanceof MatrixError && error.errcode === "M_USER_LOCKED";
  return isFinalRefusal(error) || (errorStatus(error) === 401 && !isLocked);
}

/**
 * Whether the error is an answer of the server or a missing answer. Otherwise it is a fault of the
 * bot itself.
 */
export function isFromServer(error: unknown): boolean {
  return errorStatus(error) !== null || (error instanceof Error && error.name === "RequestError");
}

/** Whether the bot's homeserver, or a server that it asked, forbids the request. */
export function isForbidden(error: unknown): boolean {
  return error instanceof MatrixError && error.statusCode === 403;
}

/**
 * Whether the bot's homeserver, or a server that it asked, does not know the room, or does not show
 * it to the bot.
 */
export function isUnknown(error: unknown): boolean {
  return error instanceof MatrixError && error.statusCode === 404;
}

/** Whether the bot's homeserver says that the thing asked for does not exist. */
export function isAbsent(error: unknown): boolean {
  return isUnknown(error) && error instanceof MatrixError && error.errcode === "M_NOT_FOUND";
}

/**
 * How long the server asks the whole bot to wait, bounded (CS API §Rate limiting). Null if it does
 * not.
 */
export function limitWaitMs(error: unknown): number | null {
  if (errorStatus(error) !== 429) return null;
  const asked: unknown = error instanceof MatrixError ? error.retryAfterMs : undefined;
  return typeof asked === "number" && Number.isFinite(asked)
    ? Math.min(LONGEST_WAIT_MS, Math.max(SHORTEST_WAIT_MS, asked))
    : UNKNOWN_WAIT_MS;
}

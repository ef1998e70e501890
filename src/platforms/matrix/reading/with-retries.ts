import type { UnreachableReason } from "../../../network/unreachable-error.ts";
import { UnreachableError } from "../../../network/unreachable-error.ts";
import { HomeserverError, passingCause } from "../api/homeserver-error.ts";
import { askedDelayMs } from "../api/page-error.ts";
import { SERVER_AWAY } from "../api/server-away.ts";

/** The clock for waits. Tests have their own. */
export interface RetryClock {
  /** Resolves after `ms` milliseconds; rejects when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
}

/** The options of a repeated read. */
export interface RetryOptions {
  readonly signal?: AbortSignal | undefined;
  readonly retries?: number;
  /** For requests that take too long to be repeated unchanged. */
  readonly isTimeoutFinal?: boolean;
  readonly onWait?: (wait: Wait) => void;
}

/** A wait before the next try. */
export interface Wait {
  readonly ms: number;
  readonly cause: "limit" | "server" | "network";
  /** Failed tries of this kind so far. */
  readonly failures: number;
}

/**
 * The number of failures of a server or network after which the read gives up. Rate limits do not
 * count. The total of all waits bounds them.
 */
export const MAX_RETRIES = 5;
/** A server that sends another shape usually sends it again. */
const MAX_SHAPE_RETRIES = 3;
/** The detail of the time-out of a whole reading. */
export const READING_OVER = "reading";
const FIRST_WAIT_MS = 1_000;
const LONGEST_BACKOFF_MS = 60_000;
/**
 * The total of the waits of one read. Somebody waits for the answer, and a later reading can ask
 * again. A refused read costs nothing, because only writes are limited.
 */
export const MAX_TOTAL_WAIT_MS = 5 * 60_000;

const PASSING_REASONS: ReadonlySet<UnreachableReason> = new Set([
  ...SERVER_AWAY,
  "unexpected_answer",
  "too_many_redirects",
]);

/**
 * Repeats a read while its failure may be temporary.
 * - Rate limits: as long as all waits together stay below `MAX_TOTAL_WAIT_MS`.
 * - Errors of the server (5xx), answers without JSON, and errors of the network: five times, with
 *   growing waits.
 * - Everything else, and the last failure: thrown.
 *
 * Not for writes: before a write is repeated, its effect must be read.
 */
export async function withRetries<Answer>(
  read: () => Promise<Answer>,
  clock: RetryClock,
  { signal, retries = MAX_RETRIES, isTimeoutFinal = false, onWait }: RetryOptions = {},
): Promise<Answer> {
  let limits = 0;
  let failures = 0;
  let waitedMs = 0;
  for (;;) {
    try {
      return await read();
    } catch (error) {
      const cause = causeOf(error);
      if (cause === null || signal?.aborted === true) throw error;
      if ((isTimeoutFinal && isTimeout(error)) || isReadingOver(error)) throw error;
      if (cause === "limit") limits += 1;
      else failures += 1;
      if (failures > (isOtherShape(error) ? Math.min(retries, MAX_SHAPE_RETRIES) : retries)) throw error;
      const count = cause === "limit" ? limits : failures;
      const ms = waitBefore(error, cause, count, clock);
      waitedMs += ms;
      if (waitedMs > MAX_TOTAL_WAIT_MS) throw error;
      onWait?.({ ms, cause, failures: count });
      await clock.sleep(ms, signal);
    }
  }
}

/** Whether a read ended because it took too long. */
export function isTimeout(error: unknown): boolean {
  return error instanceof UnreachableError && error.reason === "timeout";
}

/** The time of the whole reading is over. */
function isReadingOver(error: unknown): boolean {
  return error instanceof UnreachableError && error.detail === READING_OVER;
}

function isOtherShape(error: unknown): boolean {
  return error instanceof UnreachableError && error.reason === "unexpected_answer";
}

/** Why a failed read may succeed later; `null` if it will not. */
function causeOf(error: unknown): Wait["cause"] | null {
  if (error instanceof UnreachableError) return PASSING_REASONS.has(error.reason) ? "network" : null;
  return error instanceof HomeserverError ? passingCause(error) : null;
}

function waitBefore(error: unknown, cause: Wait["cause"], failures: number, { random }: RetryClock): number {
  const asked = askedDelayMs(error);
  const backoff = Math.min(FIRST_WAIT_MS * 2 ** (failures - 1), LONGEST_BACKOFF_MS);
  // "0" comes with limits too (CS §Rate limiting), so there is a minimum: no tight loop. The random
  // part keeps many readers from returning at the same time.
  if (asked === null) return Math.round(backoff * (1 + random() / 4));
  const atLeast = Math.max(asked, FIRST_WAIT_MS);
  return cause === "limit" ? atLeast : Math.min(atLeast, LONGEST_BACKOFF_MS);
}

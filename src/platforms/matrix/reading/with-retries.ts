import type { UnreachableReason } from "../../../network/unreachable-error.ts";
import { UnreachableError } from "../../../network/unreachable-error.ts";
import { HomeserverError, isLimited } from "../api/homeserver-error.ts";
import { PageError } from "../api/page-error.ts";
import { SERVER_AWAY } from "../api/server-away.ts";

/** The clock for waits. Tests have their own. */
export interface RetryClock {
  /** Resolves after `ms` milliseconds; rejects when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
  /** From 0 up to 1. */
  readonly random: () => number;
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
 * count: they are waited out however often they come.
 */
export const MAX_RETRIES = 5;
const FIRST_WAIT_MS = 1_000;
const LONGEST_BACKOFF_MS = 60_000;
/**
 * The maximum wait, whatever delay the server names: a later reading would be useless. A refused
 * read costs nothing, because only writes are limited.
 */
const LONGEST_WAIT_MS = 15 * 60_000;

const PASSING_REASONS: ReadonlySet<UnreachableReason> = new Set(SERVER_AWAY);

/**
 * Repeats a read while its failure may be temporary.
 * - Rate limits: without end.
 * - Errors of the server (5xx) and of the network: five times, with growing waits.
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
  for (;;) {
    try {
      return await read();
    } catch (error) {
      const cause = causeOf(error);
      if (cause === null || signal?.aborted === true) throw error;
      if (isTimeoutFinal && error instanceof UnreachableError && error.reason === "timeout") throw error;
      if (cause === "limit") limits += 1;
      else failures += 1;
      if (failures > retries) throw error;
      const count = cause === "limit" ? limits : failures;
      const ms = waitBefore(error, count, clock);
      onWait?.({ ms, cause, failures: count });
      await clock.sleep(ms, signal);
    }
  }
}

/** Why a failed read may succeed later; `null` if it will not. */
function causeOf(error: unknown): Wait["cause"] | null {
  if (error instanceof UnreachableError) return PASSING_REASONS.has(error.reason) ? "network" : null;
  if (!(error instanceof HomeserverError)) return null;
  if (isLimited(error)) return "limit";
  return error.status >= 500 && error.status !== 501 ? "server" : null;
}

function waitBefore(error: unknown, failures: number, { random }: RetryClock): number {
  const asked = error instanceof HomeserverError || error instanceof PageError ? error.retryAfterMs : null;
  const backoff = Math.min(FIRST_WAIT_MS * 2 ** (failures - 1), LONGEST_BACKOFF_MS);
  // "0" comes with limits too (CS §Rate limiting), so there is a minimum: no tight loop. The random
  // part keeps many readers from returning at the same time.
  if (asked !== null) return Math.min(Math.max(asked, FIRST_WAIT_MS), LONGEST_WAIT_MS);
  return Math.round(backoff * (1 + random() / 4));
}

import { HomeserverError } from "../api/homeserver-error.ts";
import { UnreachableError } from "../../../network/unreachable-error.ts";
import type { UnreachableReason } from "../../../network/unreachable-error.ts";

/** What waiting rests on; tests bring their own. */
export interface RetryClock {
  /** Ends after so many milliseconds; rejects when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
  /** From 0 up to 1. */
  readonly random: () => number;
}

export interface RetryOptions {
  readonly signal?: AbortSignal | undefined;
  readonly retries?: number;
  /** For questions that take too long to be asked again as they are. */
  readonly isTimeoutFinal?: boolean;
  readonly onWait?: (wait: Wait) => void;
}

/** A wait before the next try. */
export interface Wait {
  readonly ms: number;
  readonly cause: "limit" | "server" | "network";
  /** Tries that failed so far with this kind of failure. */
  readonly failures: number;
}

/**
 * Failures in a row after which a server or network that fails is given up. Limits are waited out
 * however often they come.
 */
export const MAX_RETRIES = 5;
const FIRST_WAIT_MS = 1_000;
const LONGEST_BACKOFF_MS = 60_000;
/**
 * A reading is no use tomorrow: after this long the server is asked again, whatever it said. A
 * refused read costs nothing (only writes spend limits).
 */
const LONGEST_WAIT_MS = 15 * 60_000;

// A page instead of JSON is a proxy in front of a server that is down.
const PASSING_REASONS: ReadonlySet<UnreachableReason> = new Set([
  "dns",
  "refused",
  "reset",
  "timeout",
  "tls",
  "not_json",
]);

/**
 * Runs a read again for as long as its failure may pass: limits without end, errors of the server
 * (5xx) and the network five times with growing waits. Everything else, and the last failure, is
 * thrown. Not for writes: what they did must be looked at first.
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

/** Why a failed read may succeed later; `null` when it will not. */
function causeOf(error: unknown): Wait["cause"] | null {
  if (error instanceof UnreachableError) return PASSING_REASONS.has(error.reason) ? "network" : null;
  if (!(error instanceof HomeserverError)) return null;
  if (error.status === 429 || error.errcode === "M_LIMIT_EXCEEDED") return "limit";
  return error.status >= 500 && error.status !== 501 ? "server" : null;
}

function waitBefore(error: unknown, failures: number, { random }: RetryClock): number {
  const asked = error instanceof HomeserverError ? error.retryAfterMs : null;
  const backoff = Math.min(FIRST_WAIT_MS * 2 ** (failures - 1), LONGEST_BACKOFF_MS);
  // "0" comes with limits too (CS §Rate limiting): never ask in a tight loop. A little chance keeps
  // many readers from coming back together.
  if (asked !== null) return Math.min(Math.max(asked, FIRST_WAIT_MS), LONGEST_WAIT_MS);
  return Math.round(backoff * (1 + random() / 4));
}

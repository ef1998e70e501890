import type { RateLimit } from "../model/rate-limits.ts";

/** A limiter's default as a pace: `burst` requests at once, then one in each period. */
export interface Pace {
  periodMs: number;
  burst: number;
}

/** The pace of a limiter with its default settings. */
export function paceOf({ perSecond, burst }: RateLimit): Pace {
  return { periodMs: 1_000 / perSecond, burst };
}

/** What the refusals of a server have shown about a limiter. */
interface Observed {
  /**
   * When the server last refused, in milliseconds since the epoch. `0`: the limit may have changed
   * since.
   */
  refusedAt: number;
  /** When all requests so far will have drained, if no more are sent. */
  emptyAt: number;
  periodMs: number;
  /**
   * The turn of the last request that passed while the limiter was full. The next refusal then
   * shows the exact period.
   */
  windowStartedAt: number | null;
  /**
   * The turn that the last refusal announced, and the requests since then; `null` if it announced
   * none.
   */
  announced: { at: number; sentSince: number } | null;
}

/**
 * What is known of one limiter of one account. Times are in milliseconds since the epoch.
 */
export interface LimiterState {
  /** `Observed.emptyAt`, if the server has the default limit. */
  defaultEmptyAt: number;
  /** More requests passed than the default allows. */
  isContradicted: boolean;
  observed: Observed | null;
  /** Refusals without `Retry-After` since a request last passed. */
  refusalsWithoutDelay: number;
}

/** A limiter about which nothing is known yet. */
export const UNKNOWN_LIMITER: LimiterState = {
  defaultEmptyAt: 0,
  isContradicted: false,
  observed: null,
  refusalsWithoutDelay: 0,
};

/**
 * `probe`: the known limit would hold the request back. One such request at a time tests whether
 * the server allows more; the others wait `until`.
 */
export type Admission = { kind: "go" } | { kind: "probe"; until: number } | { kind: "wait"; until: number };

/** A request waits if its turn is this part of a period away or less: a probe is not worth it. */
const NEARLY = 0.2;
/**
 * Added to a wait for the difference of clocks and the time of transfer. A refusal costs far more
 * than these milliseconds.
 */
const MARGIN = 0.004;
const LEAST_MARGIN_MS = 15;
const MAX_MARGIN_MS = 1_500;
/** The tolerance between an announced wait and the wait that the default predicts. */
const TOLERANCE = 0.05;
const LEAST_TOLERANCE_MS = 150;

/**
 * Synapse sends a refusal this long after it has calculated the wait (`platforms/matrix/README.md`,
 * "Rate limits").
 */
const HELD_BACK_MS = 500;

/** The longest single wait. */
const MAX_WAIT_MS = 2 * 3_600_000;
/**
 * A limit that was observed this long ago may have been raised since. Requests within the limit are
 * never refused, so only a request beyond it can test that.
 */
const DOUBTED_AFTER_MS = 6 * 3_600_000;
/** A wait beyond this is not believed, whatever the server has announced. */
const MAX_BELIEVED_MS = 3_600_000 + MAX_MARGIN_MS;

/**
 * Whether the state has times in the future. It was stored while the clock was ahead, and would
 * hold requests back until the clock reaches them.
 */
export function isAhead(
  pace: Pace,
  { observed, isContradicted, defaultEmptyAt }: LimiterState,
  now: number,
): boolean {
  const emptyAt = observed?.emptyAt ?? (isContradicted ? 0 : defaultEmptyAt);
  return emptyAt > now + MAX_WAIT_MS + pace.burst * (observed?.periodMs ?? pace.periodMs);
}

/** Whether a request may go now. An observed limit, or a proven absence, replaces the default. */
export function admission(pace: Pace, state: LimiterState, now: number): Admission {
  const { burst, periodMs } = pace;
  if (state.observed !== null) {
    const { emptyAt, periodMs: observedMs, refusedAt } = state.observed;
    const until = Math.ceil(emptyAt - (burst - 1) * observedMs + marginMs(observedMs));
    if (until <= now) return { kind: "go" };
    const isDoubted = now - refusedAt >= DOUBTED_AFTER_MS && until - now > NEARLY * observedMs;
    return isDoubted || until - now > MAX_BELIEVED_MS ? { kind: "probe", until } : { kind: "wait", until };
  }
  if (state.isContradicted) return { kind: "go" };
  const until = turnByDefault(pace, state);
  if (until <= now) return { kind: "go" };
  return { kind: until - now > NEARLY * periodMs ? "probe" : "wait", until };
}

/** When the default alone lets the next request pass. */
function turnByDefault(pace: Pace, state: LimiterState): number {
  const { burst, periodMs } = pace;
  return Math.ceil(state.defaultEmptyAt - (burst - 1) * periodMs);
}

/** Counts a request that is about to be sent. */
export function consume(pace: Pace, state: LimiterState, now: number): LimiterState {
  const { burst, periodMs } = pace;
  return {
    ...state,
    defaultEmptyAt: Math.max(state.defaultEmptyAt, now) + periodMs,
    observed: state.observed && {
      ...state.observed,
      emptyAt: Math.max(state.observed.emptyAt, now) + state.observed.periodMs,
      // The time between turns shows the period only if no turn was left unused.
      announced:
        state.observed.emptyAt - (burst - 2) * state.observed.periodMs < now
          ? null
          : counted(state.observed.announced, 1),
    },
  };
}

/** Removes a request that did not reach the limiter from the count. */
export function refund(pace: Pace, state: LimiterState): LimiterState {
  return {
    ...state,
    defaultEmptyAt: state.defaultEmptyAt - pace.periodMs,
    observed: state.observed && {
      ...state.observed,
      emptyAt: state.observed.emptyAt - state.observed.periodMs,
      announced: counted(state.observed.announced, -1),
    },
  };
}

/** The state with a limit that may have changed. The next request beyond it tests that. */
export function doubted(state: LimiterState): LimiterState {
  return { ...state, observed: state.observed && { ...state.observed, refusedAt: 0 } };
}

/**
 * A request passed.
 * @param wasProbe whether the known limit would have held the request back
 */
export function passed(
  pace: Pace,
  state: LimiterState,
  { sentAt, wasProbe }: { sentAt: number; wasProbe: boolean },
): LimiterState {
  // The limit has changed, so its observation is dropped.
  const observed = wasProbe ? null : state.observed;
  return {
    ...state,
    isContradicted: state.observed === null && (state.isContradicted || wasProbe),
    observed: observed && { ...observed, windowStartedAt: windowStartOf(pace, observed, sentAt) },
    refusalsWithoutDelay: 0,
  };
}

/**
 * The server refused with `Retry-After`, which is trusted. The period is estimated as the shorter
 * of two gaps:
 * - between the last request that had to wait and the announced turn; a slow server makes it too
 *   long;
 * - between two announced turns; an idle time makes it too long.
 * If neither is known, it is the default where the wait fits the default. Otherwise it is the wait
 * itself, which is never too long; the next refusal shows more.
 * @param state after the refund of the refused request
 * @param sentAt when the refused request was sent
 */
export function afterRetryAfter(
  pace: Pace,
  state: LimiterState,
  now: number,
  waitMs: number,
  sentAt = now,
): LimiterState {
  const { burst, periodMs: defaultMs } = pace;
  // When the server calculated the wait, as far as is known.
  const calculatedAt = now - sentAt >= HELD_BACK_MS ? now - HELD_BACK_MS : now;
  const periodMs = estimatedPeriod();
  return {
    ...state,
    isContradicted: false,
    observed: {
      refusedAt: now,
      emptyAt: now + waitMs + (burst - 1) * periodMs,
      periodMs,
      windowStartedAt: null,
      announced: { at: calculatedAt + waitMs, sentSince: 0 },
    },
    refusalsWithoutDelay: 0,
  };

  function estimatedPeriod(): number {
    const tolerance = Math.max(LEAST_TOLERANCE_MS, defaultMs * TOLERANCE);
    const { windowStartedAt = null, announced = null } = state.observed ?? {};
    if (windowStartedAt !== null) {
      const turnAt = calculatedAt + waitMs;
      const betweenMs =
        announced !== null && announced.sentSince > 0
          ? (turnAt - announced.at) / announced.sentSince
          : Number.POSITIVE_INFINITY;
      const exactMs = Math.max(1, Math.min(turnAt - windowStartedAt, betweenMs));
      return Math.abs(exactMs - defaultMs) <= tolerance ? defaultMs : exactMs;
    }
    if (Math.abs(waitMs - (turnByDefault(pace, state) - now)) <= tolerance) return defaultMs;
    return Math.max(1, waitMs, state.observed?.periodMs ?? 0);
  }
}

/**
 * A refusal without `Retry-After`; federated limits send none (`platforms/matrix/README.md`, "Rate
 * limits"). The wait is one whole period: the observed one the first time, then the default.
 */
export function afterUnexplained(pace: Pace, state: LimiterState, now: number): LimiterState {
  const { burst, periodMs: defaultMs } = pace;
  const waitMs =
    state.observed !== null && state.refusalsWithoutDelay === 0 ? state.observed.periodMs : defaultMs;
  const periodMs = state.observed?.periodMs ?? defaultMs;
  return {
    ...state,
    isContradicted: false,
    observed: {
      refusedAt: now,
      emptyAt: now + waitMs + (burst - 1) * periodMs,
      periodMs,
      windowStartedAt: null,
      announced: null,
    },
    refusalsWithoutDelay: state.refusalsWithoutDelay + 1,
  };
}

/** How long `count` requests take from now on. `0` if the default is contradicted. */
export function expectedMs(pace: Pace, state: LimiterState, now: number, count: number): number {
  const { burst, periodMs } = pace;
  if (count === 0 || (state.observed === null && state.isContradicted)) return 0;
  const [emptyAt, period] =
    state.observed === null
      ? [state.defaultEmptyAt, periodMs]
      : [state.observed.emptyAt, state.observed.periodMs];
  return Math.max(0, Math.max(emptyAt, now) + (count - burst) * period - now);
}

/** The turn of a request that fills the limiter; the earlier one while there is room for more. */
function windowStartOf(
  pace: Pace,
  { emptyAt, periodMs, windowStartedAt }: Observed,
  sentAt: number,
): number | null {
  const { burst } = pace;
  return emptyAt - (burst - 1) * periodMs > sentAt ? emptyAt - burst * periodMs : windowStartedAt;
}

function counted(announced: Observed["announced"], by: number): Observed["announced"] {
  return announced && { ...announced, sentSince: announced.sentSince + by };
}

function marginMs(periodMs: number): number {
  return Math.min(MAX_MARGIN_MS, Math.max(LEAST_MARGIN_MS, periodMs * MARGIN));
}

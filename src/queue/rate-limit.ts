import type { RateLimit } from "../model/rate-limits.ts";

/** A limiter's default as a pace: `burst` requests at once, then one in each period. */
export interface Pace {
  periodMs: number;
  burst: number;
}

export function paceOf({ perSecond, burst }: RateLimit): Pace {
  return { periodMs: 1_000 / perSecond, burst };
}

/** What a refusal has told of a limiter. */
interface Told {
  /** When everything taken so far will have drained, if nothing more is taken. */
  emptyAt: number;
  periodMs: number;
  /**
   * The turn at which something last got through while the limiter was full; the next refusal then
   * shows the exact period.
   */
  edgeAt: number | null;
  /**
   * The turn that the server named last, and how many were taken since; `null` when its last
   * refusal named none.
   */
  named: { at: number; taken: number } | null;
}

/**
 * What is known of one limiter of one account. Times in milliseconds since the epoch; stored as
 * JSON.
 */
export interface LimiterState {
  /** The same as `Told.emptyAt`, if the server had the default. */
  assumedEmptyAt: number;
  /** More got through than the default allows. */
  isRefuted: boolean;
  told: Told | null;
  /** Refusals without a time since something last got through. */
  unnamedRefusals: number;
}

export const UNKNOWN_LIMITER: LimiterState = {
  assumedEmptyAt: 0,
  isRefuted: false,
  told: null,
  unnamedRefusals: 0,
};

/**
 * `probe`: beyond what the default allows; one at a time finds out whether the server allows more.
 */
export type Admission = { kind: "go" } | { kind: "probe" } | { kind: "wait"; until: number };

/**
 * So near to its turn a request can as well wait for it; what it would show is not worth a refusal.
 */
const NEARLY = 0.2;
/**
 * A server's clock and ours, and the way between them: a refusal for a few milliseconds costs far
 * more than they do.
 */
const MARGIN = 0.004;
const LEAST_MARGIN_MS = 15;
const MAX_MARGIN_MS = 1_500;
/** How far an answer may be from what the default would have given. */
const TOLERANCE = 0.05;
const LEAST_TOLERANCE_MS = 150;

/**
 * Synapse keeps a refusal back for so long once it has reckoned the wait (protocol-facts.md section
 * 13).
 */
const HELD_BACK_MS = 500;

/**
 * Whether a request may go now. It never waits for a default that was refuted, nor for one where
 * the server has told something else.
 */
export function admission(pace: Pace, state: LimiterState, now: number): Admission {
  const { burst, periodMs } = pace;
  if (state.told !== null) {
    const until = state.told.emptyAt - (burst - 1) * state.told.periodMs + marginMs(state.told.periodMs);
    return until <= now ? { kind: "go" } : { kind: "wait", until: Math.ceil(until) };
  }
  if (state.isRefuted) return { kind: "go" };
  const until = state.assumedEmptyAt - (burst - 1) * periodMs;
  if (until <= now) return { kind: "go" };
  return until - now > NEARLY * periodMs ? { kind: "probe" } : { kind: "wait", until: Math.ceil(until) };
}

/** When the default alone would let the next one through. */
export function assumedAt(pace: Pace, state: LimiterState): number {
  const { burst, periodMs } = pace;
  return Math.ceil(state.assumedEmptyAt - (burst - 1) * periodMs);
}

/** Counts a request that is sent now. */
export function taken(pace: Pace, state: LimiterState, now: number): LimiterState {
  const { burst, periodMs } = pace;
  return {
    ...state,
    assumedEmptyAt: Math.max(state.assumedEmptyAt, now) + periodMs,
    told: state.told && {
      ...state.told,
      emptyAt: Math.max(state.told.emptyAt, now) + state.told.periodMs,
      // Where turns were let go by, the time since does not tell what each takes.
      named:
        state.told.emptyAt - (burst - 2) * state.told.periodMs < now ? null : counted(state.told.named, 1),
    },
  };
}

/** Takes back what was counted for a request that never came so far. */
export function givenBack(pace: Pace, state: LimiterState): LimiterState {
  return {
    ...state,
    assumedEmptyAt: state.assumedEmptyAt - pace.periodMs,
    told: state.told && {
      ...state.told,
      emptyAt: state.told.emptyAt - state.told.periodMs,
      named: counted(state.told.named, -1),
    },
  };
}

/**
 * A request got through.
 * @param sentAt when;
 * @param wasProbe whether the default would have held it back
 */
export function passed(
  pace: Pace,
  state: LimiterState,
  { sentAt, wasProbe }: { sentAt: number; wasProbe: boolean },
): LimiterState {
  const { told } = state;
  return {
    ...state,
    isRefuted: told === null && (state.isRefuted || wasProbe),
    told: told && { ...told, edgeAt: edgeOf(pace, told, sentAt) },
    unnamedRefusals: 0,
  };
}

/**
 * The server refused and said when to come again, which is believed. The period comes from the time
 * between the last one that had to wait and the next turn, or between two turns that the server
 * named, whatever is shorter: a slow server makes the first too long, an idle while the second. Or
 * it is the default where the answer fits it; else the wait itself is taken for it, which is never
 * too long, and the next refusal shows the rest.
 * @param state with the refused request given back
 * @param sentAt when the refused request was sent
 */
export function told(
  pace: Pace,
  state: LimiterState,
  now: number,
  waitMs: number,
  sentAt = now,
): LimiterState {
  const { burst, periodMs: defaultMs } = pace;
  // When the server reckoned, as far as can be told.
  const reckonedAt = now - sentAt >= HELD_BACK_MS ? now - HELD_BACK_MS : now;
  const periodMs = toldPeriod();
  return {
    ...state,
    isRefuted: false,
    told: {
      emptyAt: now + waitMs + (burst - 1) * periodMs,
      periodMs,
      edgeAt: null,
      named: { at: reckonedAt + waitMs, taken: 0 },
    },
    unnamedRefusals: 0,
  };

  function toldPeriod(): number {
    const tolerance = Math.max(LEAST_TOLERANCE_MS, defaultMs * TOLERANCE);
    const { edgeAt = null, named = null } = state.told ?? {};
    if (edgeAt !== null) {
      const turnAt = reckonedAt + waitMs;
      const betweenMs =
        named !== null && named.taken > 0 ? (turnAt - named.at) / named.taken : Number.POSITIVE_INFINITY;
      const exactMs = Math.max(1, Math.min(turnAt - edgeAt, betweenMs));
      return Math.abs(exactMs - defaultMs) <= tolerance ? defaultMs : exactMs;
    }
    if (Math.abs(waitMs - (assumedAt(pace, state) - now)) <= tolerance) return defaultMs;
    return Math.max(1, waitMs, state.told?.periodMs ?? 0);
  }
}

/**
 * A refusal that may be a limit and names no time, as a federated one does (protocol-facts.md
 * section 13): the whole period is waited, the one known from the account's own server the first
 * time, from then on the default.
 */
export function toldNothing(pace: Pace, state: LimiterState, now: number): LimiterState {
  const { burst, periodMs: defaultMs } = pace;
  const waitMs = state.told !== null && state.unnamedRefusals === 0 ? state.told.periodMs : defaultMs;
  const periodMs = state.told?.periodMs ?? defaultMs;
  return {
    ...state,
    isRefuted: false,
    told: { emptyAt: now + waitMs + (burst - 1) * periodMs, periodMs, edgeAt: null, named: null },
    unnamedRefusals: state.unnamedRefusals + 1,
  };
}

/**
 * How long a number of requests takes from now on, by what is known. Nothing where the default was
 * refuted.
 */
export function expectedMs(pace: Pace, state: LimiterState, now: number, count: number): number {
  const { burst, periodMs } = pace;
  if (count === 0 || (state.told === null && state.isRefuted)) return 0;
  const [emptyAt, period] =
    state.told === null ? [state.assumedEmptyAt, periodMs] : [state.told.emptyAt, state.told.periodMs];
  return Math.max(0, Math.max(emptyAt, now) + (count - burst) * period - now);
}

/** The turn that was taken, if the limiter is full with it; `null` while there is room for more. */
function edgeOf(pace: Pace, { emptyAt, periodMs, edgeAt }: Told, sentAt: number): number | null {
  const { burst } = pace;
  return emptyAt - (burst - 1) * periodMs > sentAt ? emptyAt - burst * periodMs : edgeAt;
}

function counted(named: Told["named"], by: number): Told["named"] {
  return named && { ...named, taken: named.taken + by };
}

function marginMs(periodMs: number): number {
  return Math.min(MAX_MARGIN_MS, Math.max(LEAST_MARGIN_MS, periodMs * MARGIN));
}

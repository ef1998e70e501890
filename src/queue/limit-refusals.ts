/**
 * Whose limit refused a request.
 * - `account`: the limit of the account, which delays every request of its kind.
 * - `unproven`: the delay is long, and no other request was refused in the same way.
 * - `step`: other steps pass repeatedly, and this step is refused although it waits. A server of
 *   its room limits it, and the account's server passes that on.
 */
export type LimitOwner = "account" | "unproven" | "step";

/** Longer than any delay of Synapse's own limits. */
const LONG_MS = 10 * 60_000;
/**
 * The number of times that others pass between two refusals of a step until the limit counts as the
 * step's own.
 */
const MAX_OVERTAKEN = 2;
/**
 * The number of refusals of a step that has waited as long as it was asked to. Long waits count
 * more, so that a run ends if only this step is left.
 */
const MAX_REFUSALS = 60;
const LONG_WEIGHT = 10;
/** The number of steps that are remembered for each limit. */
const MAX_STEPS = 1_000;
/**
 * How long a request that no limiter counts waits in all after so many refusals. Synapse limits no
 * such request, so a proxy limits it, or the endpoint is closed for good.
 */
const MAX_WAITED_MS = 3 * 3_600_000;
/** The first of the growing pauses of such a request. They double. */
const FIRST_UNCOUNTED_MS = 1_000;
const LONGEST_UNCOUNTED_MS = LONG_MS;
const MAX_UNCOUNTED = 10_000;

interface LimitHistory {
  passes: number;
  /** The step that got a long delay since a request last passed. */
  suspect: string | null;
  readonly steps: Map<string, { passes: number; overtaken: number; refusals: number }>;
}

/**
 * Distinguishes limits of accounts from limits of single rooms. The answers are the same, so the
 * outcomes of requests for other rooms decide.
 */
export class LimitRefusals {
  readonly #histories = new Map<string, LimitHistory>();
  /** Requests that no limiter counts, by step. `passes`: of its account at its last refusal. */
  readonly #uncounted = new Map<string, { refusals: number; waitedMs: number; passes: number }>();
  /** How many such requests of an account have passed. Only of accounts that were refused one. */
  readonly #uncountedPasses = new Map<string, number>();

  /** @param limit a limit of one account */
  passed(limit: string): void {
    const history = this.#histories.get(limit);
    if (history === undefined) return;
    history.passes += 1;
    history.suspect = null;
  }

  /** A step is over. A limit that refuses no other step is forgotten. */
  ended(limit: string, step: string): void {
    const history = this.#histories.get(limit);
    history?.steps.delete(step);
    if (history?.steps.size === 0) this.#histories.delete(limit);
  }

  /** The number of limits that are remembered. */
  get size(): number {
    return this.#histories.size;
  }

  /**
   * A limit refused a step.
   * @param step unique among all runs
   * @param waitMs the delay that it asks for; `null` for none
   */
  refused(limit: string, step: string, waitMs: number | null): LimitOwner {
    const history = this.#historyOf(limit);
    const before = history.steps.get(step);
    const isOvertaken = before !== undefined && history.passes > before.passes;
    const overtaken = (before?.overtaken ?? 0) + (isOvertaken ? 1 : 0);
    if (history.steps.size >= MAX_STEPS) history.steps.clear();
    const isLong = waitMs !== null && waitMs >= LONG_MS;
    const refusals = (before?.refusals ?? 0) + (isLong ? LONG_WEIGHT : 1);
    history.steps.set(step, { passes: history.passes, overtaken, refusals });
    if (overtaken >= MAX_OVERTAKEN || refusals > MAX_REFUSALS) return "step";
    if (!isLong) return "account";
    if (history.suspect !== null && history.suspect !== step) return "account";
    history.suspect = step;
    return "unproven";
  }

  /**
   * A limit refused a request that no limiter counts. While others of its account pass, it waits as
   * long as it is asked to. Otherwise the pauses grow at last, and it does not wait for ever.
   * @param account whose requests may share the limit
   * @returns how long the step waits; `null` if it has waited long enough
   */
  refusedUncounted(account: string, step: string, waitMs: number): number | null {
    const passes = this.#uncountedPasses.get(account) ?? 0;
    const before = this.#uncounted.get(step) ?? { refusals: 0, waitedMs: 0, passes };
    if (before.waitedMs >= MAX_WAITED_MS) return null;
    if (this.#uncounted.size >= MAX_UNCOUNTED) this.#uncounted.clear();
    if (this.#uncountedPasses.size >= MAX_UNCOUNTED) this.#uncountedPasses.clear();
    this.#uncountedPasses.set(account, passes);
    const weight = waitMs >= LONG_MS ? LONG_WEIGHT : 1;
    const refusals = passes > before.passes ? 0 : before.refusals + weight;
    const beyond = Math.min(refusals - MAX_REFUSALS, 20);
    const growingMs =
      beyond <= 0 ? 0 : Math.min(FIRST_UNCOUNTED_MS * 2 ** (beyond - 1), LONGEST_UNCOUNTED_MS);
    const nextMs = Math.max(waitMs, growingMs);
    const waitedMs = beyond <= 0 ? 0 : before.waitedMs + nextMs;
    this.#uncounted.set(step, { refusals, waitedMs, passes });
    return nextMs;
  }

  /** A request that no limiter counts was not limited. */
  passedUncounted(account: string, step: string): void {
    this.#uncounted.delete(step);
    const passes = this.#uncountedPasses.get(account);
    if (passes !== undefined) this.#uncountedPasses.set(account, passes + 1);
  }

  #historyOf(limit: string): LimitHistory {
    const known = this.#histories.get(limit);
    if (known !== undefined) return known;
    const history: LimitHistory = { passes: 0, suspect: null, steps: new Map() };
    this.#histories.set(limit, history);
    return history;
  }
}

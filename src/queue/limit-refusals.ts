/**
 * Whose limit refused a request.
 * - `account`: the limit of the account, which delays every request of its kind.
 * - `unproven`: it asks for a long wait, and no other request has been refused like that.
 * - `step`: others pass, again and again, and this step does not, however long it waits. A server
 *   of its room limits it, and the account's server passes that on.
 */
export type LimitOwner = "account" | "unproven" | "step";

/** Longer than Synapse's longest limit lets anybody wait. */
const LONG_MS = 10 * 60_000;
/** How often others may pass between two refusals of a step until it is the step's own limit. */
const MAX_OVERTAKEN = 2;
/**
 * How often a step may be refused after it has waited as long as it was asked to. Long waits count
 * more, so that a run ends that waits for nothing else.
 */
const MAX_REFUSALS = 60;
const LONG_WEIGHT = 10;
/** Of each limit. */
const MAX_STEPS = 1_000;

interface LimitHistory {
  passes: number;
  /** The step that was asked to wait long since a request last passed. */
  suspect: string | null;
  readonly steps: Map<string, { passes: number; overtaken: number; refusals: number }>;
}

/**
 * Tells limits of accounts from limits of single rooms. The answers look the same, so what counts
 * is what happens to the requests for other rooms.
 */
export class LimitRefusals {
  readonly #histories = new Map<string, LimitHistory>();

  /** @param limit a limit of one account */
  passed(limit: string): void {
    const history = this.#historyOf(limit);
    history.passes += 1;
    history.suspect = null;
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

  #historyOf(limit: string): LimitHistory {
    const known = this.#histories.get(limit);
    if (known !== undefined) return known;
    const history: LimitHistory = { passes: 0, suspect: null, steps: new Map() };
    this.#histories.set(limit, history);
    return history;
  }
}

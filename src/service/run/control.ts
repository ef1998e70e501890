import type { Account, Side } from "../../model/account.ts";
import type { KeyedQueue } from "../../model/keyed-queue.ts";
import type { RunEvent } from "../../model/run-states.ts";
import { isActive, nextState } from "../../model/run-states.ts";
import type { Run } from "../../model/run.ts";
import type { Limits } from "../../queue/rate-limits.ts";
import type { Runner } from "../../queue/runner.ts";
import type { Accounts } from "../../store/accounts.ts";
import type { Runs } from "../../store/runs.ts";
import type { Steps } from "../../store/steps.ts";
import type { KeptRequests } from "./kept-requests.ts";
import type { Preparations } from "./preparations.ts";
import { refusedSteps } from "./refused-steps.ts";
import type { StartRequest } from "./requests.ts";
import type { CancelResult, PauseResult, ResumeResult, RunStatus, StartResult } from "./results.ts";
import type { RunStatuses } from "./status.ts";
import type { RunSummaryReader } from "./summary.ts";

export interface RunControlOptions {
  accounts: Pick<Accounts, "get">;
  runs: Runs;
  steps: Steps;
  limits: Limits;
  runner: Runner;
  statuses: RunStatuses;
  summary: RunSummaryReader;
  /** A run was paused, cancelled or resumed. */
  changed: (run: Run) => void;
  kept: Pick<KeptRequests, "of" | "end" | "hurry">;
  preparations: Pick<Preparations, "end">;
  queue: KeyedQueue;
  now: () => number;
}

/**
 * How long `pause` and `cancel` wait for the requests under way, which are finished and recorded. A
 * slow server answers in this time; one that hangs does not.
 */
const DRAIN_TIMEOUT_MS = 20_000;

/** Pauses, resumes and ends a person's run. */
export class RunControl {
  readonly #options: RunControlOptions;
  /** The sign-in for which each run was resumed last. */
  readonly #resumedFor = new Map<number, number>();

  constructor(options: RunControlOptions) {
    this.#options = options;
  }

  /**
   * The run that the person sees: the active one, otherwise the one that watches, otherwise the
   * last one. So an ended part of a move does not hide the move that watches.
   */
  async current(owner: string): Promise<Run | null> {
    const { runs } = this.#options;
    return (await runs.active(owner, "move")) ?? (await runs.unfinished(owner)).at(-1) ?? runs.last(owner);
  }

  pause(owner: string): Promise<PauseResult> {
    this.#options.preparations.end(owner);
    return this.#options.queue.run(owner, async () => {
      const { runs, runner, statuses, kept } = this.#options;
      const ended = await kept.end(owner);
      const run = await this.current(owner);
      const paused = run && (await runs.apply(run.id, "paused"));
      if (paused === null) {
        if (ended !== null) return { status: "kept_ended", kind: ended };
        const last = await this.current(owner);
        return { status: "not_running", run: last && (await statuses.of(last)) };
      }
      const isIdle = await runner.end(paused.id, DRAIN_TIMEOUT_MS);
      this.#options.changed(paused);
      return { status: "paused", run: await statuses.of(paused), isIdle, ...(ended !== null && { ended }) };
    });
  }

  resume(owner: string): Promise<ResumeResult> {
    return this.#options.queue.run(owner, async () => {
      const { statuses, kept } = this.#options;
      const run = await this.current(owner);
      const resumed = run && (await this.#resume(run, "resumed"));
      if (resumed !== null) return { status: "resumed", run: resumed };
      const kind = await kept.hurry(owner);
      return kind === null
        ? { status: "not_paused", run: run && (await statuses.of(run)) }
        : { status: "kept_tried", kind };
    });
  }

  /** Resumes runs that need their owner, once both of their accounts are signed in. */
  signedIn(owner: string, account: Pick<Account, "side" | "userId">): Promise<void> {
    return this.#options.queue.run(owner, async () => {
      for (const run of await this.#options.runs.unfinished(owner))
        if (run[account.side] === account.userId && (await this.#bothOf(run)) !== null)
          await this.#resume(run, "signed_in");
    });
  }

  /**
   * Resumes a run that needs its owner if they have signed in since its problem. A crash, or a
   * request that was under way, can come between the sign-in and the run.
   */
  resumeIfSignedInSince({ id, owner }: Pick<Run, "id" | "owner">): Promise<void> {
    return this.#options.queue.run(owner, async () => {
      const run = await this.#options.runs.get(id);
      const accounts = run?.problem && (await this.#bothOf(run));
      if (!run?.problem || !accounts) return;
      const { signedInAt } = accounts[run.problem.side];
      // Once for each sign-in, also if the clock was set back.
      if (signedInAt <= run.problem.since || this.#resumedFor.get(id) === signedInAt) return;
      if ((await this.#resume(run, "signed_in")) !== null) this.#resumedFor.set(id, signedInAt);
    });
  }

  /** @returns `null` if one of the run's accounts is not signed in */
  async #bothOf({ owner, ...run }: Run): Promise<Readonly<Record<Side, Account>> | null> {
    const { accounts } = this.#options;
    const source = await accounts.get(owner, "source");
    const target = await accounts.get(owner, "target");
    return source?.userId === run.source && target?.userId === run.target ? { source, target } : null;
  }

  cancel(owner: string): Promise<CancelResult> {
    this.#options.preparations.end(owner);
    return this.#options.queue.run(owner, async () => {
      const { statuses, summary, kept } = this.#options;
      const ended = await kept.end(owner);
      const run = await this.current(owner);
      // What the person sees first is the kept request. They want a watch to go on.
      if (ended !== null && (run === null || !isActive(run))) return { status: "kept_ended", kind: ended };
      const end = run && (await this.#endRun(run, "cancelled"));
      if (end === null) return { status: "no_run" };
      return {
        status: "cancelled",
        run: await statuses.of(end.ended),
        summary: (await summary.of(end.ended)).summary,
        isIdle: end.isIdle,
        ...(ended !== null && { ended }),
      };
    });
  }

  /**
   * Ends the runs of a person whose accounts are about to be signed out. Without sessions the runs
   * can neither continue nor watch.
   * @returns `null` if no run was active and no request was kept
   */
  async abandonOnLogout(owner: string, chosen: readonly Side[]): Promise<CancelResult | null> {
    const { accounts, runs, kept } = this.#options;
    const signedIn = await Promise.all(chosen.map((side) => accounts.get(owner, side)));
    if (signedIn.every((account) => account === null)) return null;
    const isIdle = (await runs.active(owner, "move")) === null && (await kept.of(owner)) === null;
    const cancelled = isIdle ? null : await this.cancel(owner);
    await this.abandon(owner);
    return cancelled;
  }

  /**
   * Ends every run of a person, including those that only watch. Resolves when nothing is under
   * way.
   */
  abandon(owner: string): Promise<void> {
    return this.abandonThen(owner, () => Promise.resolve());
  }

  /** Like `abandon`. Then does the given work before this person can start a run again. */
  abandonThen<Result>(owner: string, afterwards: () => Promise<Result>): Promise<Result> {
    this.#options.preparations.end(owner);
    return this.#options.queue.run(owner, async () => {
      await this.#options.kept.end(owner);
      for (const run of await this.#options.runs.unfinished(owner)) await this.#endRun(run, "abandoned");
      return afterwards();
    });
  }

  async #endRun(run: Run, event: "cancelled" | "abandoned"): Promise<{ ended: Run; isIdle: boolean } | null> {
    const { runs, steps, runner, now, changed } = this.#options;
    // A run that only watched has already ended for its owner. The owner is leaving and has not
    // cancelled it.
    const isCancelled = event === "cancelled" || isActive(run);
    const over = await runs.apply(run.id, event, { isCancelled, endedAt: run.endedAt ?? now() });
    if (over === null) return null;
    const isIdle = await runner.end(run.id, DRAIN_TIMEOUT_MS);
    await steps.dropPending(run.id);
    const ended = (await runs.get(run.id)) ?? over;
    changed(ended);
    return { ended, isIdle };
  }

  /** @returns `null` if the event does not apply */
  async #resume(run: Run, event: RunEvent): Promise<RunStatus | null> {
    if (nextState(run.state, event) === null) return null;
    const { runs, steps, limits, runner, statuses } = this.#options;
    // Limits may have been raised, and servers may answer again. All of this is observed again.
    for (const userId of [run.source, run.target]) await limits.forget(userId);
    await steps.clearRetryDelays(run.id);
    const again = refusedSteps(await steps.all(run.id))?.steps ?? [];
    const change = { event, change: { problem: null } };
    if (!(await steps.revise(run, { rooms: [], steps: again, again: [], run: change }))) return null;
    const running = await runs.get(run.id);
    if (running === null) return null;
    await runner.begin(running);
    return statuses.of(running);
  }

  /** The answer if an active run keeps a new one from beginning; otherwise `null`. */
  async active(owner: string): Promise<{ status: "already"; run: RunStatus } | null> {
    const run = await this.#options.runs.active(owner, "move");
    return run && { status: "already", run: await this.#options.statuses.of(run) };
  }

  /**
   * The answer if a new run cannot begin; otherwise `null`. After a crash a command runs twice.
   * Then the answer is the run that the same message has begun.
   */
  async refuseIfActive({
    owner,
    address,
  }: Pick<StartRequest, "owner" | "address">): Promise<StartResult | null> {
    const run = await this.#options.runs.last(owner);
    if (run?.address.eventId === address.eventId)
      return {
        status: "started",
        run: await this.#options.statuses.of(run),
        changes: [],
        gone: [],
        isOnlyWatch: false,
      };
    return this.active(owner);
  }
}

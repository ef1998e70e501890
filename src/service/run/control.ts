import type { Account, MovedAccounts, OldAccount, Side } from "../../model/account.ts";
import { isFromFile, knownSince } from "../../model/account.ts";
import type { KeyedQueue } from "../../model/keyed-queue.ts";
import type { RunEvent } from "../../model/run-states.ts";
import { isActive, nextState } from "../../model/run-states.ts";
import { isHindered } from "../../model/run-tracks.ts";
import type { Run, RunPurpose } from "../../model/run.ts";
import type { Limits } from "../../queue/rate-limits.ts";
import type { Runner } from "../../queue/runner.ts";
import type { Accounts } from "../../store/accounts.ts";
import type { Runs } from "../../store/runs.ts";
import type { Steps } from "../../store/steps.ts";
import type { PeoplesAccounts } from "../accounts/peoples-accounts.ts";
import type { BegunChatEnding } from "../contact/begun-chats.ts";
import { currentRuns } from "./current-runs.ts";
import type { KeptRequests } from "./kept-requests.ts";
import type { Preparations } from "./preparations.ts";
import { isSourceGone } from "./problem-of-files.ts";
import { refusedSteps } from "./refused-steps.ts";
import type { StartRequest } from "./requests.ts";
import type {
  CancelResult,
  CancelledRun,
  PauseResult,
  ResumeResult,
  RunStatus,
  StartResult,
} from "./results.ts";
import type { RunStatuses } from "./status.ts";
import type { RunSummaryReader } from "./summary.ts";
import { waitsOnlyForDay } from "./waits.ts";

export interface RunControlOptions {
  accounts: Pick<Accounts, "get">;
  moved: Pick<PeoplesAccounts, "ofRun">;
  runs: Runs;
  steps: Steps;
  limits: Pick<Limits, "forget">;
  runner: Pick<Runner, "begin" | "end">;
  statuses: Pick<RunStatuses, "of">;
  summary: Pick<RunSummaryReader, "of">;
  /** A run was paused, cancelled or resumed. */
  changed: (run: Run) => void;
  kept: Pick<KeptRequests, "of" | "end" | "hurry">;
  preparations: Pick<Preparations, "end">;
  /** Leaves the empty rooms that are left of an ended run. */
  begunChats: Pick<BegunChatEnding, "endOf">;
  queue: KeyedQueue;
  now: () => number;
}

/**
 * How long `pause` and `cancel` wait for the requests under way, which are finished and recorded. A
 * slow server answers in this time; one that hangs does not.
 */
const DRAIN_TIMEOUT_MS = 20_000;

/** Pauses, resumes and ends all runs of a person. */
export class RunControl {
  readonly #options: RunControlOptions;
  /** The sign-in for which each run was resumed last. */
  readonly #resumedFor = new Map<number, number>();

  constructor(options: RunControlOptions) {
    this.#options = options;
  }

  pause(owner: string): Promise<PauseResult> {
    this.#options.preparations.end(owner);
    return this.#options.queue.run(owner, async () => {
      const { runs, kept } = this.#options;
      const ended = await kept.end(owner);
      const paused: Run[] = [];
      for (const run of await runs.unfinished(owner)) {
        const changed = await runs.apply(run.id, "paused");
        if (changed !== null) paused.push(changed);
      }
      const areIdle = await Promise.all(paused.map((run) => this.#drain(run)));
      const [run, ...others] = await this.#statusesOf(paused);
      if (run !== undefined) {
        const isIdle = !areIdle.includes(false);
        return { status: "paused", run, others, isIdle, ...(ended !== null && { ended }) };
      }
      if (ended !== null) return { status: "kept_ended", kind: ended };
      return { status: "not_running", run: (await this.#currentStatuses(owner))[0] ?? null };
    });
  }

  resume(owner: string): Promise<ResumeResult> {
    return this.#options.queue.run(owner, async () => {
      const { runs, kept } = this.#options;
      const resumed: RunStatus[] = [];
      for (const each of await runs.unfinished(owner)) {
        const status = await this.#resume(each, "resumed");
        if (status !== null) resumed.push(status);
      }
      const [run, ...others] = resumed;
      if (run !== undefined) return { status: "resumed", run, others };
      const kind = await kept.hurry(owner);
      return kind === null
        ? { status: "not_paused", run: (await this.#currentStatuses(owner))[0] ?? null }
        : { status: "kept_tried", kind };
    });
  }

  async #drain(run: Run): Promise<boolean> {
    const isIdle = await this.#options.runner.end(run.id, DRAIN_TIMEOUT_MS);
    this.#options.changed(run);
    return isIdle;
  }

  async #currentStatuses(owner: string): Promise<RunStatus[]> {
    return this.#statusesOf(await currentRuns(owner, this.#options.runs));
  }

  #statusesOf(runs: readonly Run[]): Promise<RunStatus[]> {
    return Promise.all(runs.map((run) => this.#options.statuses.of(run)));
  }

  /**
   * Resumes runs that need their owner, once both of their accounts can be used.
   * @param account was signed in, or files about it were imported
   */
  signedIn(owner: string, account: Pick<OldAccount, "side" | "userId">): Promise<void> {
    return this.#options.queue.run(owner, async () => {
      for (const run of await this.#options.runs.unfinished(owner))
        if (run[account.side] === account.userId && (await this.#bothOf(run)) !== null)
          await this.#resume(run, "signed_in");
    });
  }

  /** Whether a run of this account and the other one of its owner goes on, works or watches. */
  async continues({ owner, side, userId }: Pick<Account, "owner" | "side" | "userId">): Promise<boolean> {
    for (const run of await this.#options.runs.unfinished(owner))
      if (run[side] === userId && run.state !== "paused" && (await this.#bothOf(run)) !== null) return true;
    return false;
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
      const account = accounts[run.problem.side];
      const since = knownSince(account);
      // Files that were gone are back, also if nothing was imported since.
      const isSince = isFromFile(account) ? isSourceGone(run.problem) : since > run.problem.since;
      // Once for each sign-in, also if the clock was set back.
      if (!isSince || this.#resumedFor.get(id) === since) return;
      if ((await this.#resume(run, "signed_in")) !== null) this.#resumedFor.set(id, since);
    });
  }

  /** @returns `null` if one of the run's accounts cannot be used */
  #bothOf(run: Run): Promise<MovedAccounts | null> {
    return this.#options.moved.ofRun(run);
  }

  /** Ends all active runs. If none is active, those that watch. */
  cancel(owner: string): Promise<CancelResult> {
    this.#options.preparations.end(owner);
    return this.#options.queue.run(owner, async () => {
      const { runs, kept } = this.#options;
      const ended = await kept.end(owner);
      const unfinished = await runs.unfinished(owner);
      const active = unfinished.filter(isActive);
      // What the person sees first is the kept request. They want a watch to go on.
      if (ended !== null && active.length === 0) return { status: "kept_ended", kind: ended };
      const chosen = active.length > 0 ? active : unfinished;
      const ends = await Promise.all(chosen.map((run) => this.#endRun(run, "cancelled")));
      const over = ends.filter((end) => end !== null);
      const [first, ...others] = await Promise.all(over.map((end) => this.#cancelled(end.ended)));
      if (first === undefined) return { status: "no_run" };
      const isIdle = over.every((end) => end.isIdle);
      return { status: "cancelled", ...first, others, isIdle, ...(ended !== null && { ended }) };
    });
  }

  async #cancelled(run: Run): Promise<CancelledRun> {
    const { statuses, summary } = this.#options;
    return { run: await statuses.of(run), summary: (await summary.of(run)).summary };
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
    const isActiveNow = (await runs.unfinished(owner)).some(isActive) || (await kept.of(owner)) !== null;
    const cancelled = isActiveNow ? await this.cancel(owner) : null;
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
    const { runs, steps, runner, begunChats, now, changed } = this.#options;
    // A run that only watched has already ended for its owner. The owner is leaving and has not
    // cancelled it.
    const isCancelled = event === "cancelled" || isActive(run);
    const over = await runs.apply(run.id, event, { isCancelled, endedAt: run.endedAt ?? now() });
    if (over === null) return null;
    const isIdle = await runner.end(run.id, DRAIN_TIMEOUT_MS);
    await steps.dropPending(run.id);
    await begunChats.endOf(run);
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

  /** The answer if an active run keeps one of this purpose from beginning; otherwise `null`. */
  async active(owner: string, purpose: RunPurpose): Promise<{ status: "already"; run: RunStatus } | null> {
    const { runs, statuses } = this.#options;
    for (const run of (await runs.unfinished(owner)).filter(isActive))
      if (isHindered(purpose, run.purpose) && !(await this.#waits(run)))
        return { status: "already", run: await statuses.of(run) };
    return null;
  }

  /** The active runs of a person. `waiting`: those that only wait for the daily limit. */
  async activeRuns(
    owner: string,
  ): Promise<{ underWay: readonly RunStatus[]; waiting: readonly RunStatus[] }> {
    const underWay: Run[] = [];
    const waiting: Run[] = [];
    for (const run of (await this.#options.runs.unfinished(owner)).filter(isActive))
      ((await this.#waits(run)) ? waiting : underWay).push(run);
    return { underWay: await this.#statusesOf(underWay), waiting: await this.#statusesOf(waiting) };
  }

  /** Whether a run only waits for the daily limit on new chats. */
  async #waits({ id }: Run): Promise<boolean> {
    const { steps, now } = this.#options;
    return waitsOnlyForDay(await steps.counts(id), now());
  }

  /**
   * The answer if a new run cannot begin; otherwise `null`. After a crash a command runs twice.
   * Then the answer is the run that the same message has begun.
   */
  async refuseIfActive(
    { owner, address }: Pick<StartRequest, "owner" | "address">,
    purpose: RunPurpose,
  ): Promise<Extract<StartResult, { status: "started" | "already" }> | null> {
    const run = await this.#options.runs.begunBy(owner, address.eventId);
    if (run === null) return this.active(owner, purpose);
    const status = await this.#options.statuses.of(run);
    return { status: "started", run: status, changes: [], gone: [], isOnlyWatch: false };
  }
}

import type { Logger } from "pino";
import { WORKED_ON_STATES, isWorkedOn, nextState } from "../model/run-states.ts";
import type { Run, TakenStep } from "../model/run.ts";
import type { StepOutcome } from "../model/step-outcome.ts";
import { stages } from "../model/step.ts";
import type { RunTransition } from "../store/run-rows.ts";
import type { Runs } from "../store/runs.ts";
import type { Steps } from "../store/steps.ts";
import type { ActiveRun, EndWait } from "./active-run.ts";
import { activeRun, endWait, drained, drainedWithin } from "./active-run.ts";
import type { Reservation } from "./dispatch.ts";
import { Dispatcher } from "./dispatch.ts";
import type { Limits } from "./rate-limits.ts";
import type { RunnerWork } from "./runner-work.ts";
import { ServerBackoff } from "./server-backoff.ts";
import { ServerSlots } from "./server-slots.ts";
import { recordOf } from "./step-record.ts";
import { tryStep } from "./try-step.ts";

export interface RunnerOptions {
  runs: Runs;
  steps: Steps;
  limits: Limits;
  work: RunnerWork;
  now: () => number;
  log: Logger;
}

const LONGEST_SLEEP_MS = 60_000;

/**
 * Runs the steps of all runs: the lanes of each account in parallel, within the account's limits
 * and the slots of each server. Everything that must last is in the store. The state in memory can
 * be lost at any moment.
 *
 * The cycle of a run:
 * 1. Its due steps are taken and tried (`#dispatch`, `#launch`).
 * 2. Each outcome is recorded with its consequences, one after the other (`#settle`).
 * 3. When a stage has no more steps that can run, the next one begins (`#nextStage`).
 * 4. After the last stage `RunnerWork.settled` adds missing steps or ends the run.
 */
export class Runner {
  readonly #options: RunnerOptions;
  readonly #active = new Map<number, ActiveRun>();
  readonly #backoff = new ServerBackoff();
  readonly #slots = new ServerSlots((runId) => this.#wake(runId));
  readonly #dispatcher: Dispatcher;
  readonly #stopping = new AbortController();

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#dispatcher = new Dispatcher({ ...options, backoff: this.#backoff, slots: this.#slots });
  }

  /** Resumes every run that the last process worked on. */
  async start(): Promise<void> {
    await this.#options.runs.recoverInterrupted();
    for (const run of await this.#options.runs.inState(...WORKED_ON_STATES))
      await this.begin({ ...run, wasInterrupted: true });
  }

  /** Starts or resumes taking the steps of a run that is `running`. */
  async begin(run: Run): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    await this.#options.limits.load(run.source);
    await this.#options.limits.load(run.target);
    const known = this.#active.get(run.id);
    if (known) {
      known.chain = known.chain.then(() => void (known.run = run));
      known.dueAt.clear();
      known.endWait = null;
      this.#pump(known);
      return;
    }
    const active = activeRun(run);
    this.#active.set(run.id, active);
    this.#options.work.changed(run);
    this.#pump(active);
  }

  /**
   * Stops taking steps of a run. Resolves when its requests under way are recorded, or after the
   * timeout.
   * @returns whether nothing is under way
   */
  async end(runId: number, timeoutMs: number): Promise<boolean> {
    const active = this.#active.get(runId);
    if (!active) return true;
    this.#drop(active);
    return drainedWithin(active, timeoutMs);
  }

  /** When a server that is away is asked again; `null` if it answers. */
  awayUntil(server: string): number | null {
    const at = this.#backoff.openAt(server);
    return at > this.#options.now() ? at : null;
  }

  /** What a run without remaining steps waits for before it can end; `null` for nothing. */
  endWait(runId: number): EndWait | null {
    return this.#active.get(runId)?.endWait ?? null;
  }

  /**
   * Ends within seconds. Requests under way are aborted; the next process checks what they did.
   */
  async stop(): Promise<void> {
    this.#stopping.abort();
    const all = [...this.#active.values()];
    for (const active of all) this.#drop(active);
    await Promise.all(all.map(drained));
  }

  #drop(active: ActiveRun): void {
    if (active.timer) clearTimeout(active.timer);
    if (this.#active.get(active.run.id) !== active) return;
    this.#active.delete(active.run.id);
    this.#slots.leave(active.run.id);
  }

  #isCurrent(active: ActiveRun): boolean {
    return this.#active.get(active.run.id) === active && !this.#stopping.signal.aborted;
  }

  #pump(active: ActiveRun): void {
    if (!this.#isCurrent(active)) return;
    active.isPumpWanted = true;
    if (active.isPumping) return;
    active.isPumping = true;
    active.chain = active.chain
      .then(async () => {
        while (active.isPumpWanted && this.#isCurrent(active)) {
          active.isPumpWanted = false;
          await this.#dispatch(active);
        }
      })
      .catch((error: unknown) => {
        this.#options.log.error(
          { err: error, runId: active.run.id },
          "the steps of a run could not be taken; it is tried again",
        );
        this.#wakeAt(active, this.#options.now() + LONGEST_SLEEP_MS);
      })
      .finally(() => {
        active.isPumping = false;
        if (active.isPumpWanted) this.#pump(active);
      });
  }

  /** Takes the steps that are due and sets the clock for the next one. */
  async #dispatch(active: ActiveRun): Promise<void> {
    const isCurrent = (): boolean => this.#isCurrent(active);
    const { wakeAt, waitsForSlot } = await this.#dispatcher.dispatch({
      active,
      isCurrent,
      launch: (step, reservation) => this.#launch(active, step, reservation),
    });
    if (!isCurrent()) return;
    if (wakeAt < Number.POSITIVE_INFINITY) this.#wakeAt(active, Math.max(wakeAt, this.#options.now()));
    else if (active.underWay.size === 0 && !waitsForSlot) await this.#nextStage(active);
  }

  #launch(active: ActiveRun, step: TakenStep, reservation: Reservation): void {
    const { log, work: runnerWork } = this.#options;
    const runId = active.run.id;
    const control = { signal: this.#stopping.signal, mayGoOn: () => this.#active.has(runId) };
    const work = tryStep({ run: active.run, step, control }, { work: runnerWork, log })
      .finally(() => this.#slots.release(reservation.server))
      .then((outcome) => this.#settleInTurn(active, step, outcome, reservation))
      .catch((error: unknown) => {
        log.error(
          { err: error, key: step.key },
          "the outcome of a step could not be recorded; it is tried again after a restart",
        );
      })
      .finally(() => {
        active.underWay.delete(work);
        // The run may have been stopped and resumed while this step was under way.
        this.#wake(active.run.id);
      });
    active.underWay.add(work);
  }

  #settleInTurn(
    active: ActiveRun,
    step: TakenStep,
    outcome: StepOutcome,
    reservation: Reservation,
  ): Promise<void> {
    const settled = active.chain.then(() => this.#settle(active, step, outcome, reservation));
    active.chain = settled.catch(() => undefined);
    return settled;
  }

  async #settle(
    active: ActiveRun,
    step: TakenStep,
    outcome: StepOutcome,
    { ticket, server }: Reservation,
  ): Promise<void> {
    const { limits, steps, work, now, log } = this.#options;
    const { run } = active;
    const hasOtherRoute = () => work.hasOtherRoute(run, step);
    const side = "side" in outcome ? outcome.side : undefined;
    const trial = {
      step,
      outcome,
      ticket,
      server: side === undefined ? server : work.serverOf(run, side),
      hasOtherRoute,
    };
    const record = await recordOf(trial, { limits, backoff: this.#backoff, now: now() });
    const finalOutcome = record.state === "failed" ? record.outcome : outcome;
    const follows = await work.consequencesOf(run, step, finalOutcome, record.state !== "pending");
    const limiters = ticket === null ? [] : limits.rows(ticket.userId, ticket.name);
    // A step from before a pause does not stop a run that has been resumed since.
    const isOld = this.#active.has(run.id) && !this.#isCurrent(active);
    await steps.record(step, record, { ...follows, ...(isOld && { run: null }), limiters }, now());
    log.debug(
      { runId: run.id, key: step.key, attempts: step.attempts, outcome: outcome.status, state: record.state },
      "step",
    );
    this.#active.get(run.id)?.dueAt.clear();
    if (follows.run !== null) active.run = afterTransition(active.run, follows.run);
    if (outcome.status === "needs_user" || !isWorkedOn(active.run)) this.#drop(active);
    work.changed(active.run);
  }

  /** Called when no step of this stage is left that can run. */
  async #nextStage(active: ActiveRun): Promise<void> {
    const { runs, steps, work, now } = this.#options;
    const { run } = active;
    if (await steps.hasOpen(run.id, run.stage)) return;
    if (run.stage < stages.last) {
      active.run = { ...run, stage: run.stage + 1 };
      await runs.change(run.id, { stage: active.run.stage });
      active.dueAt.clear();
      active.isPumpWanted = true;
      return;
    }
    if (active.endWait !== null && active.endWait.until > now()) {
      this.#wakeAt(active, active.endWait.until);
      return;
    }
    const unread = await work.settled(run, this.#stopping.signal);
    active.dueAt.clear();
    active.endWait = unread && endWait(unread, now());
    const settled = await runs.get(run.id);
    if (settled !== null && isWorkedOn(settled)) {
      active.run = settled;
      active.isPumpWanted = true;
    } else this.#drop(active);
    if (settled && (unread !== null || !isWorkedOn(settled))) work.changed(settled);
  }

  #wake(runId: number): void {
    const active = this.#active.get(runId);
    if (active) this.#pump(active);
  }

  #wakeAt(active: ActiveRun, at: number): void {
    if (active.timer) clearTimeout(active.timer);
    if (!this.#isCurrent(active)) return;
    const ms = Math.min(Math.max(0, at - this.#options.now()), LONGEST_SLEEP_MS);
    active.timer = setTimeout(() => this.#pump(active), ms);
  }
}

/** The run as the store writes it, unless somebody has changed it in the store meanwhile. */
function afterTransition(run: Run, { event, change }: RunTransition): Run {
  return { ...run, ...change, state: nextState(run.state, event) ?? run.state };
}

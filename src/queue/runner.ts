import { isWorkedOn } from "../model/run-states.ts";
import type { Run, TakenStep } from "../model/run.ts";
import type { StepOutcome } from "../model/step-outcome.ts";
import { LeaseLostError, assertSameLease } from "../store/run-leases.ts";
import { StorageError } from "../store/storage-error.ts";
import type { ActiveRun, RunActivity } from "./active-run.ts";
import { activeRun, afterTransition, drained, drainedWithin, runActivity } from "./active-run.ts";
import type { Reservation } from "./dispatch.ts";
import { Dispatcher } from "./dispatch.ts";
import { type BesideSteps, besideSteps } from "./end-wait.ts";
import { HeldLeases } from "./held-leases.ts";
import { LeaseKeeper } from "./lease-keeper.ts";
import { nextStage } from "./next-stage.ts";
import { growingPauseMs } from "./pause.ts";
import type { RunnerOptions } from "./runner-options.ts";
import { ServerBackoff } from "./server-backoff.ts";
import { ServerSlots } from "./server-slots.ts";
import { StepSettler } from "./settle-step.ts";
import { tryStep } from "./try-step.ts";

const LONGEST_SLEEP_MS = 60_000;

/**
 * Runs the steps of all runs: the lanes of each account in parallel, within the account's limits
 * and the slots of each server. Everything that must last is in the store.
 * The cycle of a run:
 * 1. The run is taken under a lease (`HeldLeases`).
 * 2. Its due steps are taken and tried (`#dispatch`, `#launch`).
 * 3. Each outcome is recorded with its consequences, one after the other (`StepSettler`).
 * 4. When a stage has no more steps that can run, the next one begins (`#nextStage`).
 * 5. After the last stage `RunnerWork.settled` adds missing steps or ends the run.
 */
export class Runner {
  readonly #options: RunnerOptions;
  readonly #active = new Map<number, ActiveRun>();
  /** The work under way for each run, also for runs that take no more steps. */
  readonly #activities = new Map<number, RunActivity>();
  readonly #backoff: ServerBackoff;
  readonly #slots = new ServerSlots((runId) => this.#wake(runId));
  readonly #leases: HeldLeases;
  readonly #keeper: LeaseKeeper;
  readonly #dispatcher: Dispatcher;
  readonly #settler: StepSettler;
  readonly #stopping = new AbortController();

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#backoff = new ServerBackoff(options.monotonicNow);
    this.#leases = new HeldLeases(options);
    this.#keeper = new LeaseKeeper({
      leases: this.#leases,
      lost: (runId) => this.#dropRun(runId),
      takeUp: (id) => (this.#active.has(id) ? Promise.resolve() : this.begin({ id })),
      log: options.log,
    });
    this.#dispatcher = new Dispatcher({ ...options, backoff: this.#backoff, slots: this.#slots });
    this.#settler = new StepSettler({ ...options, backoff: this.#backoff });
  }

  /**
   * Resumes every run of the last process. From then on it takes every run without a holder, for
   * example after a failed beginning.
   */
  async start(): Promise<void> {
    await this.#keeper.start();
  }

  /** Takes the steps of a run that is `running`, unless another process works on it. */
  async begin({ id }: Pick<Run, "id">): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    const activity = this.#activities.get(id) ?? runActivity();
    this.#activities.set(id, activity);
    await activity.begins.run(async () => {
      const run = await this.#leases.take(id);
      if (run === null) return;
      await this.#options.limits.load(run.source);
      await this.#options.limits.load(run.target);
      if (!this.#stopping.signal.aborted) this.#activate(run);
    });
  }

  #activate(run: Run): void {
    const known = this.#active.get(run.id);
    if (known) {
      void known.turns.run(() => Promise.resolve(void (known.run = run)));
      known.dueAt.clear();
      known.endPause.begin(null);
    } else {
      this.#active.set(run.id, activeRun(run, this.#activities, this.#options));
      this.#options.work.changed(run);
    }
    this.#wake(run.id);
  }

  /**
   * Stops taking steps of a run. Resolves when its requests under way are recorded, or after the
   * timeout.
   * @returns whether nothing is under way
   */
  async end(runId: number, timeoutMs: number): Promise<boolean> {
    this.#dropRun(runId);
    const activity = this.#activities.get(runId);
    return activity === undefined || drainedWithin(activity, timeoutMs);
  }

  /** When a server that is away is asked again; `null` if it answers. */
  awayUntil(server: string): number | null {
    return this.#backoff.awayUntil(server, this.#options.now());
  }

  /** What a run waits for besides its steps. */
  waitOf(runId: number): BesideSteps {
    return besideSteps(this.#active.get(runId));
  }

  /** Ends within seconds. Requests under way are aborted; the next process checks them. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#keeper.stop();
    for (const active of [...this.#active.values()]) this.#drop(active);
    await Promise.all([...this.#activities.values()].map(drained));
    const { log } = this.#options;
    await this.#leases.expire().catch((err: unknown) => log.warn({ err }, "runs are not given back"));
  }

  #dropRun(runId: number): void {
    const active = this.#active.get(runId);
    if (active) this.#drop(active);
  }

  #drop(active: ActiveRun): void {
    if (active.timer) clearTimeout(active.timer);
    if (this.#active.get(active.run.id) !== active) return;
    this.#active.delete(active.run.id);
    active.ending.abort();
    this.#slots.leave(active.run.id);
    if (this.#stopping.signal.aborted) return;
    const runId = active.run.id;
    this.#giveBack(runId).catch((error: unknown) =>
      this.#options.log.warn({ err: error, runId }, "a run is not given back; its lease ends by itself"),
    );
  }

  /** Gives a run back when none of its steps is under way, unless it was resumed. */
  async #giveBack(runId: number): Promise<void> {
    const activity = this.#activities.get(runId);
    if (activity === undefined) return;
    await drained(activity);
    await activity.begins.run(async () => {
      if (this.#active.has(runId) || this.#stopping.signal.aborted) return;
      this.#activities.delete(runId);
      await this.#leases.release(runId);
    });
  }

  #isCurrent(active: ActiveRun): boolean {
    return this.#active.get(active.run.id) === active && !this.#stopping.signal.aborted;
  }

  #pump(active: ActiveRun): void {
    if (!this.#isCurrent(active)) return;
    active.isPumpWanted = true;
    if (active.isPumping) return;
    active.isPumping = true;
    void active.turns
      .run(async () => {
        while (active.isPumpWanted && this.#isCurrent(active)) {
          active.isPumpWanted = false;
          await this.#dispatch(active);
        }
        active.failures = 0;
      })
      .catch((error: unknown) => this.#onFailure(active, error))
      .finally(() => {
        active.isPumping = false;
        if (active.isPumpWanted) this.#pump(active);
      });
  }

  #onFailure(active: ActiveRun, error: unknown): void {
    const { log, monotonicNow } = this.#options;
    const runId = active.run.id;
    // A run that cannot go on leaves the queue for a slot.
    this.#slots.leave(runId);
    if (error instanceof LeaseLostError) {
      log.warn({ runId }, "another process works on the run");
      this.#leases.forget(runId);
      this.#drop(active);
      return;
    }
    active.isPumpWanted = false;
    // A wake-up during the pause changes nothing.
    if (active.retryAt <= monotonicNow()) {
      const pauseMs = growingPauseMs(++active.failures, error instanceof StorageError ? "storage" : "bug");
      active.retryAt = monotonicNow() + pauseMs;
      log.error({ err: error, runId, pauseMs }, "the steps of a run could not be taken; it is tried again");
    }
    this.#wakeAfter(active, active.retryAt - monotonicNow());
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
    const isWaiting = wakeAt < Number.POSITIVE_INFINITY;
    if (active.steps.size === 0 && !waitsForSlot) await this.#nextStage(active, isWaiting);
    if (isWaiting) this.#wakeAfter(active, wakeAt - this.#options.now());
  }

  #launch(active: ActiveRun, step: TakenStep, reservation: Reservation): void {
    const { log, work } = this.#options;
    const runId = active.run.id;
    const control = { signal: this.#stopping.signal, mayGoOn: () => this.#active.has(runId) };
    const trying = tryStep({ run: active.run, step, control }, { work, log })
      .finally(() => reservation.slot.release())
      .then((outcome) => this.#settle(active, step, outcome, reservation))
      .catch((error: unknown) =>
        log.error({ err: error, key: step.key }, "a recorded step was not followed up"),
      )
      .finally(() => {
        active.steps.delete(trying);
        // The run may have been stopped and resumed while this step was under way.
        this.#wake(active.run.id);
      });
    active.steps.add(trying);
  }

  async #settle(
    active: ActiveRun,
    step: TakenStep,
    outcome: StepOutcome,
    reservation: Reservation,
  ): Promise<void> {
    const { work, log } = this.#options;
    const runId = active.run.id;
    // A step from before a pause does not stop a run that has been resumed since.
    const isOld = (): boolean => this.#active.has(runId) && !this.#isCurrent(active);
    const settled = await this.#settler.settle(
      { active, step, outcome, reservation, isOld },
      this.#stopping.signal,
    );
    if (settled === null) return;
    const { attempts, key } = step;
    log.debug({ runId, key, attempts, outcome: settled.outcome.status, state: settled.state }, "step");
    this.#active.get(runId)?.dueAt.clear();
    if (settled.run !== null) active.run = afterTransition(active.run, settled.run);
    if (settled.outcome.status === "needs_user" || !isWorkedOn(active.run)) this.#drop(active);
    work.changed(active.run);
  }

  /** Called when no step is under way. @param isWaiting as for `nextStage` */
  async #nextStage(active: ActiveRun, isWaiting: boolean): Promise<void> {
    const { runs, work } = this.#options;
    const next = await nextStage(active.run, isWaiting, this.#options);
    if (next.kind === "next") {
      active.run = next.run;
      active.dueAt.clear();
      active.isPumpWanted = true;
    } else if (next.kind === "needs_owner") {
      this.#drop(active);
      work.changed(next.run);
    }
    if (next.kind !== "finished") return;
    if (active.endPause.remainingMs > 0) {
      this.#wakeAfter(active, active.endPause.remainingMs);
      return;
    }
    const unread = await work.settled(active.run, active.ending.signal);
    active.dueAt.clear();
    active.endPause.begin(unread);
    const settled = await runs.get(active.run.id);
    assertSameLease(active.run, settled);
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

  #wakeAfter(active: ActiveRun, waitMs: number): void {
    if (active.timer) clearTimeout(active.timer);
    if (!this.#isCurrent(active)) return;
    const ms = Math.min(waitMs, LONGEST_SLEEP_MS);
    active.timer = setTimeout(() => {
      // The clock may have been set back, so the times are read again.
      if (ms === LONGEST_SLEEP_MS) active.dueAt.clear();
      this.#pump(active);
    }, ms);
  }
}

import type { Logger } from "pino";
import type { Side } from "../model/account.ts";
import type { StepOutcome } from "../model/step-outcome.ts";
import type { Run, TakenStep } from "../model/run.ts";
import { LANES } from "../model/run.ts";
import { WORKED_ON_STATES, isWorkedOn, nextState } from "../model/run-states.ts";
import type { LimitName } from "../model/step.ts";
import { LIMITS, stages } from "../model/step.ts";
import type { RunTransition } from "../store/run-rows.ts";
import type { Runs } from "../store/runs.ts";
import type { Steps } from "../store/steps.ts";
import type { ActiveRun, EndWait } from "./active-run.ts";
import { activeRun, endWait, drained, drainedWithin } from "./active-run.ts";
import type { Limits, Ticket } from "./rate-limits.ts";
import { ServerBackoff } from "./server-backoff.ts";
import { ServerSlots } from "./server-slots.ts";
import { recordOf } from "./step-record.ts";
import type { RunnerWork } from "./runner-work.ts";
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
 * What a step goes out with: `null` for a request that is free, and the homeserver whose place it
 * takes.
 */
interface Clearance {
  ticket: Ticket | null;
  server: string;
}

/**
 * Runs the steps of all runs: each account's lanes side by side, within its limits and the bound of
 * each server. All that counts is in the store; what is here can be lost at any moment.
 */
export class Runner {
  readonly #options: RunnerOptions;
  readonly #active = new Map<number, ActiveRun>();
  readonly #backoff = new ServerBackoff();
  readonly #slots = new ServerSlots((runId) => this.#wake(runId));
  readonly #stopping = new AbortController();

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  /** Goes on with every run that was running when the last process ended. */
  async start(): Promise<void> {
    await this.#options.runs.recoverInterrupted();
    for (const run of await this.#options.runs.inState(...WORKED_ON_STATES))
      await this.begin({ ...run, wasInterrupted: true });
  }

  /** Begins, or begins again, to take the steps of a run that is `running`. */
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
   * Takes no further step of a run; resolves when those under way are recorded, or after so long.
   * @returns whether nothing is under way
   */
  async end(runId: number, timeoutMs: number): Promise<boolean> {
    const active = this.#active.get(runId);
    if (!active) return true;
    this.#drop(active);
    return drainedWithin(active, timeoutMs);
  }

  /** When a server that is away is asked again; `null` when it answers. */
  awayUntil(server: string): number | null {
    const at = this.#backoff.openAt(server);
    return at > this.#options.now() ? at : null;
  }

  /** What a run waits for that has nothing left to do but to end; `null` for nothing. */
  endWait(runId: number): EndWait | null {
    return this.#active.get(runId)?.endWait ?? null;
  }

  /**
   * Ends within seconds: what is under way is cut off and is looked at again after the next start.
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
          "a run could not go on; it is tried again",
        );
        this.#wakeAt(active, this.#options.now() + LONGEST_SLEEP_MS);
      })
      .finally(() => {
        active.isPumping = false;
        if (active.isPumpWanted) this.#pump(active);
      });
  }

  /** Takes every step whose time has come, lane by lane, and sets the clock for the next. */
  async #dispatch(active: ActiveRun): Promise<void> {
    const { now } = this.#options;
    let wakeAt = Number.POSITIVE_INFINITY;
    const fullServers = new Set<string>();
    for (const lane of LANES) {
      const at = await this.#dispatchLane(active, lane, fullServers);
      if (!this.#isCurrent(active)) return;
      wakeAt = Math.min(wakeAt, at);
    }
    this.#slots.leave(active.run.id, fullServers);
    if (wakeAt < Number.POSITIVE_INFINITY) this.#wakeAt(active, Math.max(wakeAt, now()));
    else if (active.underWay.size === 0 && fullServers.size === 0) await this.#nextStage(active);
  }

  /**
   * @param fullServers gets the server where there is no place just now
   * @returns when the lane goes on by itself; infinity when something else must happen first
   */
  async #dispatchLane(active: ActiveRun, lane: string, fullServers: Set<string>): Promise<number> {
    const { now, work } = this.#options;
    const { run } = active;
    const side: Side = lane.startsWith("source:") ? "source" : "target";
    const limit = LIMITS.find((name) => lane === `${side}:${name}`) ?? null;
    const server = work.serverOf(run, side);
    for (;;) {
      const dueAt = await this.#dueAt(active, lane);
      if (dueAt === null) return Number.POSITIVE_INFINITY;
      const at = Math.max(dueAt, this.#backoff.openAt(server));
      if (at > now()) return at;
      if (!this.#slots.take(server, run.id)) {
        fullServers.add(server);
        return Number.POSITIVE_INFINITY;
      }
      const ticket = this.#ticket(run[side], limit);
      if (typeof ticket === "number") {
        this.#slots.release(server);
        return ticket;
      }
      const step = await this.#take(active, lane, { ticket, server });
      if (step !== null) this.#launch(active, step, { ticket, server });
      if (!this.#isCurrent(active)) return Number.POSITIVE_INFINITY;
    }
  }

  /**
   * Takes a step, and notes what its request takes from limits; where there is none its place and
   * its ticket are given back.
   */
  async #take(
    { run, dueAt }: ActiveRun,
    lane: string,
    { ticket, server }: Clearance,
  ): Promise<TakenStep | null> {
    const { limits, steps, now } = this.#options;
    const limiters = ticket === null ? [] : limits.rows(ticket.userId, ticket.name);
    dueAt.delete(lane);
    let step: TakenStep | null = null;
    try {
      step = await steps.takeNext(run.id, { lane, stage: run.stage, now: now(), limiters });
      return step;
    } finally {
      if (step === null) this.#slots.release(server);
      if (step === null && ticket !== null) limits.giveBack(ticket);
    }
  }

  async #dueAt(active: ActiveRun, lane: string): Promise<number | null> {
    const known = active.dueAt.get(lane);
    if (known !== undefined) return known;
    // One question for all lanes costs little more than for one.
    const times = await this.#options.steps.dueTimes(active.run.id, active.run.stage);
    for (const each of LANES) active.dueAt.set(each, times.get(each) ?? null);
    return times.get(lane) ?? null;
  }

  /** `null` for what is free; a time when the turn has not come. */
  #ticket(userId: string, limit: LimitName | null): Ticket | null | number {
    if (limit === null) return null;
    const turn = this.#options.limits.turn(userId, limit, this.#options.now());
    return turn.kind === "go" ? turn.ticket : turn.until;
  }

  #launch(active: ActiveRun, step: TakenStep, how: Clearance): void {
    const { log, work: runnerWork } = this.#options;
    const work = tryStep({ run: active.run, step, signal: this.#stopping.signal }, { work: runnerWork, log })
      .finally(() => this.#slots.release(how.server))
      .then((outcome) => this.#settleInTurn(active, step, outcome, how))
      .catch((error: unknown) => {
        log.error(
          { err: error, key: step.key },
          "the outcome of a step could not be recorded; it is tried again after a restart",
        );
      })
      .finally(() => {
        active.underWay.delete(work);
        // It may have been ended and begun again while this step was under way.
        this.#wake(active.run.id);
      });
    active.underWay.add(work);
  }

  #settleInTurn(active: ActiveRun, step: TakenStep, outcome: StepOutcome, how: Clearance): Promise<void> {
    const settled = active.chain.then(() => this.#settle(active, step, outcome, how));
    active.chain = settled.catch(() => undefined);
    return settled;
  }

  async #settle(
    active: ActiveRun,
    step: TakenStep,
    outcome: StepOutcome,
    { ticket, server }: Clearance,
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
    // A run that was begun again since is not stopped by what was under way before.
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

  /** Everything of this stage that can run has run. */
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

/** The run as the store writes it, unless somebody has changed it there meanwhile. */
function afterTransition(run: Run, { event, change }: RunTransition): Run {
  return { ...run, ...change, state: nextState(run.state, event) ?? run.state };
}

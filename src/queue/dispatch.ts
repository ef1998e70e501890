import { LANES, ownLimitOfLane, sideOfLane } from "../model/lanes.ts";
import type { TakenStep } from "../model/run.ts";
import type { LimitName } from "../model/step.ts";
import type { Steps } from "../store/steps.ts";
import type { ActiveRun } from "./active-run.ts";
import type { Limits, Ticket } from "./rate-limits.ts";
import type { RunnerWork } from "./runner-work.ts";
import type { ServerBackoff } from "./server-backoff.ts";
import type { ServerSlots } from "./server-slots.ts";

export interface DispatchOptions {
  steps: Pick<Steps, "takeNext" | "dueTimes">;
  limits: Limits;
  backoff: ServerBackoff;
  slots: ServerSlots;
  work: Pick<RunnerWork, "serverOf">;
  now: () => number;
}

/** The reservation for the request of a step. */
export interface Reservation {
  /** `null`: no limit counts the request. */
  ticket: Ticket | null;
  /** The name of the homeserver whose slot is taken. */
  server: string;
}

/** The run whose steps are taken. */
export interface Dispatch {
  active: ActiveRun;
  /** False once the run takes no more steps. */
  isCurrent: () => boolean;
  /** Receives each step that was taken. */
  launch: (step: TakenStep, reservation: Reservation) => void;
}

/**
 * Takes every step of a run that is due, lane by lane. It keeps to the limits of each account. It
 * takes steps only while their server answers and has a free slot.
 */
export class Dispatcher {
  readonly #options: DispatchOptions;

  constructor(options: DispatchOptions) {
    this.#options = options;
  }

  /**
   * @returns `wakeAt`: when to dispatch again, infinity if another event must happen first;
   * `waitsForSlot`: whether the run is in the queue for a slot
   */
  async dispatch(dispatch: Dispatch): Promise<{ wakeAt: number; waitsForSlot: boolean }> {
    let wakeAt = Number.POSITIVE_INFINITY;
    const fullServers = new Set<string>();
    for (const lane of LANES) {
      const at = await this.#dispatchLane(dispatch, lane, fullServers);
      if (!dispatch.isCurrent()) return { wakeAt, waitsForSlot: false };
      wakeAt = Math.min(wakeAt, at);
    }
    this.#options.slots.leave(dispatch.active.run.id, fullServers);
    return { wakeAt, waitsForSlot: fullServers.size > 0 };
  }

  /**
   * @param fullServers receives the server if it has no free slot
   * @returns when the lane continues by itself; infinity if another event must happen first
   */
  async #dispatchLane(
    { active, isCurrent, launch }: Dispatch,
    lane: string,
    fullServers: Set<string>,
  ): Promise<number> {
    const { backoff, slots, work, now } = this.#options;
    const { run } = active;
    const side = sideOfLane(lane);
    const limit = ownLimitOfLane(lane);
    const server = work.serverOf(run, side);
    for (;;) {
      const dueAt = await this.#dueAt(active, lane);
      if (dueAt === null) return Number.POSITIVE_INFINITY;
      const at = Math.max(dueAt, backoff.openAt(server));
      if (at > now()) return at;
      if (!slots.take(server, run.id)) {
        fullServers.add(server);
        return Number.POSITIVE_INFINITY;
      }
      const ticket = this.#ticket(run[side], limit);
      if (typeof ticket === "number") {
        slots.release(server);
        return ticket;
      }
      const step = await this.#take(active, lane, { ticket, server });
      if (step !== null) launch(step, { ticket, server });
      if (!isCurrent()) return Number.POSITIVE_INFINITY;
    }
  }

  /**
   * Takes a step and stores its ticket with it. If no step is due, slot and ticket are returned.
   */
  async #take(
    { run, dueAt }: ActiveRun,
    lane: string,
    { ticket, server }: Reservation,
  ): Promise<TakenStep | null> {
    const { limits, slots, steps, now } = this.#options;
    const limiters = ticket === null ? [] : limits.rows(ticket.userId, ticket.name);
    dueAt.delete(lane);
    let step: TakenStep | null = null;
    try {
      step = await steps.takeNext(run.id, { lane, stage: run.stage, now: now(), limiters });
      return step;
    } finally {
      if (step === null) slots.release(server);
      if (step === null && ticket !== null) limits.giveBack(ticket);
    }
  }

  async #dueAt(active: ActiveRun, lane: string): Promise<number | null> {
    const known = active.dueAt.get(lane);
    if (known !== undefined) return known;
    // One query for all lanes costs little more than one for a single lane.
    const times = await this.#options.steps.dueTimes(active.run.id, active.run.stage);
    for (const each of LANES) active.dueAt.set(each, times.get(each) ?? null);
    return times.get(lane) ?? null;
  }

  /**
   * @returns `null` if no limit counts the request; a time if the account has to wait until then
   */
  #ticket(userId: string, limit: LimitName | null): Ticket | null | number {
    if (limit === null) return null;
    const turn = this.#options.limits.turn(userId, limit, this.#options.now());
    return turn.kind === "go" ? turn.ticket : turn.until;
  }
}

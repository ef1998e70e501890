import { LANES, isFederatedLane, ownLimitOfLane, sideOfLane } from "../model/lanes.ts";
import type { TakenStep } from "../model/run.ts";
import type { LimitName } from "../model/step.ts";
import type { Steps } from "../store/steps.ts";
import type { ActiveRun } from "./active-run.ts";
import { heldLanes } from "./held-lanes.ts";
import type { Limits, Ticket } from "./rate-limits.ts";
import type { RunnerWork } from "./runner-work.ts";
import type { ServerBackoff } from "./server-backoff.ts";
import type { ServerSlots, Slot, SlotKind } from "./server-slots.ts";

export interface DispatchOptions {
  steps: Pick<Steps, "takeNext" | "dueTimes">;
  limits: Limits;
  backoff: ServerBackoff;
  slots: ServerSlots;
  work: Pick<RunnerWork, "serverOf">;
  now: () => number;
  monotonicNow: () => number;
}

/** The reservation for the request of a step. */
export interface Reservation {
  /** `null`: no limit counts the request. */
  ticket: Ticket | null;
  /** The name of the homeserver whose slot is taken. */
  server: string;
  slot: Slot;
  /** When it was made, in milliseconds since the epoch. */
  startedAt: number;
}

/** A server at which a run found no free slot. */
interface FullServer {
  server: string;
  kind: SlotKind;
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
    const fullServers: FullServer[] = [];
    const held = heldLanes(dispatch.active.run);
    for (const lane of LANES) {
      if (held.includes(lane)) continue;
      const at = await this.#dispatchLane(dispatch, lane, fullServers);
      if (!dispatch.isCurrent()) return { wakeAt, waitsForSlot: false };
      wakeAt = Math.min(wakeAt, at);
    }
    this.#options.slots.leave(dispatch.active.run.id, fullServers);
    return { wakeAt, waitsForSlot: fullServers.length > 0 };
  }

  /**
   * @param fullServers receives the server if it has no free slot of the lane's kind
   * @returns when the lane continues by itself; infinity if another event must happen first
   */
  async #dispatchLane(
    { active, isCurrent, launch }: Dispatch,
    lane: string,
    fullServers: FullServer[],
  ): Promise<number> {
    const { backoff, slots, work, now, monotonicNow } = this.#options;
    const { run } = active;
    const side = sideOfLane(lane);
    const limit = ownLimitOfLane(lane);
    const server = work.serverOf(run, side);
    const kind = isFederatedLane(lane) ? "federated" : "own";
    for (;;) {
      const dueAt = await this.#dueAt(active, lane);
      if (dueAt === null) return Number.POSITIVE_INFINITY;
      const at = Math.max(dueAt, now() + backoff.remainingMs(server));
      if (at > now()) return at;
      const slot = slots.take(server, run.id, kind);
      if (slot === null) {
        fullServers.push({ server, kind });
        return Number.POSITIVE_INFINITY;
      }
      const ticket = this.#ticket(run[side], limit);
      if (typeof ticket === "number") {
        slot.release();
        return ticket;
      }
      const reservation = { ticket, server, slot, startedAt: monotonicNow() };
      const step = await this.#take(active, lane, reservation);
      if (step !== null) launch(step, reservation);
      if (!isCurrent()) return Number.POSITIVE_INFINITY;
    }
  }

  /**
   * Takes a step and stores its ticket with it. If no step is due, slot and ticket are returned.
   */
  async #take(
    { run, dueAt }: ActiveRun,
    lane: string,
    { ticket, slot }: Reservation,
  ): Promise<TakenStep | null> {
    const { limits, steps, now } = this.#options;
    const limiters = ticket === null ? [] : limits.rows(ticket.userId, ticket.name);
    dueAt.delete(lane);
    let step: TakenStep | null = null;
    try {
      const lease = { runId: run.id, epoch: run.epoch };
      step = await steps.takeNext(lease, { lane, stage: run.stage, now: now(), limiters });
      return step;
    } finally {
      if (step === null) slot.release();
      if (step === null && ticket !== null) limits.giveBack(ticket);
    }
  }

  async #dueAt(active: ActiveRun, lane: string): Promise<number | null> {
    const known = active.dueAt.get(lane);
    if (known !== undefined) return known;
    // One query for all lanes costs little more than one for a single lane.
    const { steps, now } = this.#options;
    const times = await steps.dueTimes(active.run.id, active.run.stage, now());
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

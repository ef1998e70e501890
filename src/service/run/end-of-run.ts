import type { Logger } from "pino";
import { isAccountProblem } from "../../model/account-problem.ts";
import type { Side } from "../../model/account.ts";
import { watchedIn } from "../../model/room-routes.ts";
import type { RunRoom } from "../../model/run-room.ts";
import type { RunEvent } from "../../model/run-states.ts";
import { nextState } from "../../model/run-states.ts";
import { asksPeople } from "../../model/run-tracks.ts";
import type { Run } from "../../model/run.ts";
import type { AccountRefusal } from "../../platforms/sign-in.ts";
import type { Unread } from "../../queue/runner-work.ts";
import type { RunChange } from "../../store/run-rows.ts";
import type { Runs } from "../../store/runs.ts";
import { strangerTo } from "../accounts/peoples-accounts.ts";
import type { Planning } from "../plan/planning.ts";
import { roomsLetIn } from "./rooms-let-in.ts";
import type { RunListener } from "./run-listener.ts";

export interface EndOfRunOptions {
  planning: Pick<Planning, "last" | "decide" | "update">;
  runs: Pick<Runs, "apply" | "between" | "rooms">;
  listener: Pick<RunListener, "roomsLetIn" | "refusedByPeople">;
  now: () => number;
  log: Logger;
}

/** What the ends of all runs have in common. */
export class EndOfRun {
  readonly #options: EndOfRunOptions;

  constructor(options: EndOfRunOptions) {
    this.#options = options;
  }

  /**
   * Announces the end before it is stored. After a crash in between, it is announced again under
   * the same key instead of never.
   */
  async store(
    run: Run,
    event: RunEvent,
    announce: (ended: Run) => Promise<void>,
    change: Pick<RunChange, "problem"> = {},
  ): Promise<void> {
    const { runs, now } = this.#options;
    const endedAt = run.endedAt ?? now();
    await announce({ ...run, state: nextState(run.state, event) ?? run.state, endedAt });
    await runs.apply(run.id, event, { ...change, endedAt }, run.epoch);
  }

  /** Announces what people have done since the run first ended. */
  async announceLate(run: Run, rooms: readonly RunRoom[]): Promise<void> {
    const { listener, now } = this.#options;
    await listener.roomsLetIn(run, roomsLetIn(rooms, run.endedAt ?? now()));
    const refused = rooms
      .filter(watchedIn(run))
      .filter(({ planned }) => planned.row.reason?.code === "refused");
    if (refused.length === 0) return;
    const knocks = await this.#laterKnocks(run);
    await listener.refusedByPeople(
      run,
      refused.map(({ roomId, planned }) => ({ room: planned.row, knock: knocks.get(roomId) ?? null })),
    );
  }

  /** The last run that knocked at a room on demand, by room. */
  async #laterKnocks(run: Run): Promise<ReadonlyMap<string, number>> {
    const { runs } = this.#options;
    const found = new Map<string, number>();
    for (const other of await runs.between(run.owner, run.source, run.target)) {
      if (!asksPeople(other) || other.id <= run.id) continue;
      for (const { roomId, route } of await runs.rooms(other.id))
        if (route === "knock") found.set(roomId, other.id);
    }
    return found;
  }

  /**
   * Makes the last plan again, so that reports show what a part of a move, or an undo, did.
   * @returns the account to wait for, if it cannot be read now
   */
  async renewPlan(run: Run, signal: AbortSignal): Promise<Unread | null> {
    const { planning, log } = this.#options;
    const { id, owner, source, target } = run;
    const plan = await planning.last(owner);
    if (plan?.report.source !== source || plan.report.target !== target) return null;
    const move = await planning.decide({ owner, ...plan.request, onProgress: () => undefined, signal });
    if (!("status" in move)) {
      if (strangerTo(run, move) === null) await planning.update(owner, plan, move.decision.plan);
      return null;
    }
    log.warn({ runId: id, status: move.status }, "the last plan could not be renewed at the end of a run");
    const isPassing = move.status === "not_read" && !isAccountProblem(move.refusal);
    return isPassing ? unreadFor(move.account.side, move.refusal) : null;
  }
}

/** @param refusal a temporary one */
export function unreadFor(side: Side, refusal: AccountRefusal): Unread {
  const waitMs = "retryAfterMs" in refusal ? refusal.retryAfterMs : null;
  return { side, waitingFor: refusal.code === "limited" ? "limit" : "server", waitMs };
}

import { isDeepStrictEqual } from "node:util";
import { isAccountProblem } from "../../model/account-problem.ts";
import type { KeyedQueue } from "../../model/keyed-queue.ts";
import { watchedIn } from "../../model/room-routes.ts";
import type { RunRoom } from "../../model/run-room.ts";
import { isWorkedOn } from "../../model/run-states.ts";
import { asksPeople } from "../../model/run-tracks.ts";
import type { Run } from "../../model/run.ts";
import { stages } from "../../model/step.ts";
import type { Unread } from "../../queue/runner-work.ts";
import type { Runs } from "../../store/runs.ts";
import type { Steps } from "../../store/steps.ts";
import type { DecidedMove, Planning } from "../plan/planning.ts";
import { planRequestSchema } from "../plan/request.ts";
import type { EndOfRun, EndOfRunOptions } from "./end-of-run.ts";
import { unreadFor } from "./end-of-run.ts";
import { reportAfterRun } from "./report.ts";
import type { RunListener } from "./run-listener.ts";

export interface AskingSettlerOptions extends Pick<EndOfRunOptions, "now" | "log"> {
  planning: Pick<Planning, "last" | "decide" | "update">;
  runs: Pick<Runs, "get" | "rooms" | "unfinished" | "watchedRooms" | "replaceWatchedRooms" | "apply">;
  steps: Pick<Steps, "all" | "revise" | "hasOpen">;
  listener: Pick<RunListener, "ended">;
  ending: EndOfRun;
  /** As in `RunSettlerOptions`. */
  ends: KeyedQueue;
}

/**
 * Ends a run that asks people to let the target in.
 *
 * One run looks for the answers:
 * - If a run of the whole move watches the room, that run, because it also does the rest of the
 *   work in the room.
 * - Otherwise this run, also before the move has begun or after it was cancelled. It only joins. It
 *   takes over the rooms of earlier runs that asked.
 */
export class AskingSettler {
  readonly #options: AskingSettlerOptions;

  constructor(options: AskingSettlerOptions) {
    this.#options = options;
  }

  /** @returns the account to wait for, if it cannot be read now */
  async settled(run: Run, signal: AbortSignal): Promise<Unread | null> {
    const waitsFor = await this.#readAgain(run, signal);
    if (waitsFor !== null) return waitsFor;
    await this.#options.ends.run(String(run.id), () => this.#end(run, signal));
    return null;
  }

  async #end(run: Run, signal: AbortSignal): Promise<void> {
    const { runs, steps, listener, ending, log } = this.#options;
    // It was paused or cancelled meanwhile, or it goes on with a room that has opened.
    const stored = await runs.get(run.id);
    if (signal.aborted || stored === null || !isWorkedOn(stored)) return;
    if (await steps.hasOpen(run.id, stages.last)) return;
    const rooms = await runs.rooms(run.id);
    const watched = await this.#toWatchHere(run, rooms.filter(watchedIn(run)));
    const announce = (ended: Run): Promise<void> =>
      run.endedAt === null ? listener.ended(ended, null) : ending.announceLate(ended, rooms);
    const isWatched = watched.length > 0;
    await ending.store(run, isWatched ? "settled_with_watch" : "settled", announce);
    log.info({ runId: run.id, isWatched }, "a run that asked people has ended");
  }

  /** Renews the rooms of the run, and the last plan, if both accounts can be read. */
  async #readAgain(run: Run, signal: AbortSignal): Promise<Unread | null> {
    const { planning, runs, steps, ending, log } = this.#options;
    const request = planRequestSchema.parse(run.request);
    const asked = { owner: run.owner, ...request, onProgress: () => undefined, signal };
    const move = await planning.decide(asked, run.id);
    if (signal.aborted) return null;
    if ("status" in move) {
      log.warn({ runId: run.id, status: move.status }, "accounts could not be read after people were asked");
      const isPassing = move.status === "not_read" && !isAccountProblem(move.refusal);
      return isPassing && run.endedAt === null ? unreadFor(move.account.side, move.refusal) : null;
    }
    if (move.source.userId !== run.source || move.target.userId !== run.target) return null;
    const tried = new Map((await steps.all(run.id)).map((step) => [step.key, step]));
    const { endedAt } = run;
    const opened = move.decision.opened({ before: await runs.rooms(run.id), tried, endedAt });
    const event = { event: "revised", change: { stage: stages.profile } } as const;
    await steps.revise(run, { ...opened, steps: [], run: event });
    return (await this.#updatePlan(run, move, opened.rooms)) ? null : ending.renewPlan(run, signal);
  }

  /** @returns false if the last plan left out other rooms than the run */
  async #updatePlan(
    run: Run,
    { decision, request }: DecidedMove,
    rooms: readonly RunRoom[],
  ): Promise<boolean> {
    const { planning } = this.#options;
    const plan = await planning.last(run.owner);
    if (plan === null || !isDeepStrictEqual(plan.request.filters, request.filters)) return false;
    if (plan.report.source !== run.source || plan.report.target !== run.target) return true;
    const report = reportAfterRun(decision.plan.report, rooms);
    await planning.update(run.owner, plan, { ...decision.plan, report });
    return true;
  }

  /** The rooms that this run has to watch. */
  async #toWatchHere(run: Run, waiting: readonly RunRoom[]): Promise<readonly RunRoom[]> {
    const { runs, steps } = this.#options;
    const others = (await runs.unfinished(run.owner)).filter(
      (other) => other.id !== run.id && other.source === run.source && other.target === run.target,
    );
    const move = others.find(({ purpose }) => purpose === "move");
    const elsewhere = move === undefined ? new Set() : await runs.replaceWatchedRooms(move.id, waiting);
    const here = waiting.filter(({ roomId }) => !elsewhere.has(roomId));
    if (here.length === 0) return here;
    const own = new Set(waiting.map(({ roomId }) => roomId));
    for (const earlier of others.filter((other) => asksPeople(other) && other.state === "watching")) {
      const rooms = (await runs.watchedRooms(earlier.id)).filter(({ roomId }) => !own.has(roomId));
      const event = { event: "revised", change: {} } as const;
      await steps.revise(run, { rooms, steps: [], again: [], run: event });
      await runs.apply(earlier.id, "replaced");
    }
    return here;
  }
}

import type { Logger } from "pino";
import { isAccountProblem } from "../../model/account-problem.ts";
import type { Side } from "../../model/account.ts";
import type { KeyedQueue } from "../../model/keyed-queue.ts";
import { watchedIn } from "../../model/room-routes.ts";
import { isWorkedOn } from "../../model/run-states.ts";
import { asksPeople, isMove } from "../../model/run-tracks.ts";
import type { Run, RunProblem, StoredStep } from "../../model/run.ts";
import type { StepProblem } from "../../model/step-outcome.ts";
import { stages } from "../../model/step.ts";
import type { AccountRefusal } from "../../platforms/sign-in.ts";
import { pause } from "../../queue/pause.ts";
import type { Unread } from "../../queue/runner-work.ts";
import type { Runs } from "../../store/runs.ts";
import type { Steps } from "../../store/steps.ts";
import { strangerTo } from "../accounts/peoples-accounts.ts";
import type { DecidedMove, Planning } from "../plan/planning.ts";
import type { PlanRequestData } from "../plan/request.ts";
import { planRequestSchema } from "../plan/request.ts";
import type { CannotDecide } from "../plan/results.ts";
import { EndOfRun, unreadFor } from "./end-of-run.ts";
import { refusedSteps } from "./refused-steps.ts";
import { reportAfterRun } from "./report.ts";
import { roomsLetIn } from "./rooms-let-in.ts";
import type { RunListener } from "./run-listener.ts";
import { AskingSettler } from "./settle-asking.ts";

/** The pauses before both accounts are read again, because their servers differ about a room. */
const SPREADING_MS = [1_000, 4_000];
/** A step that was done longer ago has reached the other server, or never will. */
const RECENT_MS = 60_000;

export interface RunSettlerOptions {
  planning: Planning;
  runs: Runs;
  steps: Steps;
  listener: Pick<RunListener, "ended" | "roomsLetIn" | "refusedByPeople">;
  /** A run does not end while steps are added to it. By the ID of the run. */
  ends: KeyedQueue;
  now: () => number;
  log: Logger;
}

/**
 * Ends a run without steps that can run. It reads both accounts again and adds the steps that are
 * still missing and were not tried. If there are none, it makes the report from what was read.
 *
 * `model/run-states.ts` defines which events end a run. Of these, this class produces the only one
 * that needs no command, `settled`: nothing is left to do, and no room waits for a person. If rooms
 * wait, the run watches them instead (`settled_with_watch`).
 */
export class RunSettler {
  readonly #options: RunSettlerOptions;
  readonly #ending: EndOfRun;
  readonly #asking: AskingSettler;

  constructor(options: RunSettlerOptions) {
    this.#options = options;
    this.#ending = new EndOfRun(options);
    this.#asking = new AskingSettler({ ...options, ending: this.#ending });
  }

  /** @returns the account to wait for, if it cannot be read now */
  async settled(run: Run, signal: AbortSignal): Promise<Unread | null> {
    const { runs, steps, planning, listener, log } = this.#options;
    if (asksPeople(run)) return await this.#asking.settled(run, signal);
    if (run.purpose !== "move") {
      const isShown = isMove(run) || run.purpose === "leave";
      const waitsFor = isShown ? await this.#ending.renewPlan(run, signal) : null;
      if (waitsFor !== null) return waitsFor;
      await this.#options.ends.run(String(run.id), async () => {
        // It was paused or cancelled, or got more steps meanwhile.
        const stored = await runs.get(run.id);
        if (stored === null || !isWorkedOn(stored) || (await steps.hasOpen(run.id, stages.last))) return;
        await this.#ending.store(run, "settled", (ended) => listener.ended(ended, null));
      });
      return null;
    }
    const request = planRequestSchema.parse(run.request);
    const move = await this.#decide(run, request, signal);
    if (move === null || "waitingFor" in move) return move;
    if ("status" in move) return await this.#settleWithoutSource(run, move.refusal);
    const { decision } = await this.#spread(run, move, signal);
    const all = await steps.all(run.id);
    const tried = new Map(all.map((step) => [step.key, step]));
    const before = await runs.rooms(run.id);
    const revised = decision.remaining({ before, tried, endedAt: run.endedAt }, request);
    const event = { event: "revised", change: { stage: stages.profile } } as const;
    // It was paused or cancelled meanwhile.
    if (!(await steps.revise(run, { ...revised, run: event }))) return null;
    const { steps: remaining } = revised;
    // Steps of a room that the account has entered by itself may be open as well.
    if (await steps.hasOpen(run.id, stages.last)) {
      log.info({ runId: run.id, steps: remaining.length }, "a run continues with missing steps");
      return null;
    }
    // Nothing is left that could enter them.
    const rooms = revised.rooms.map((room) =>
      room.status === "planned" ? { ...room, status: "failed" as const } : room,
    );
    const given = rooms.filter((room, index) => room !== revised.rooms[index]);
    if (given.length > 0 && !(await steps.revise(run, { rooms: given, steps: [], again: [], run: event })))
      return null;
    const report = reportAfterRun(decision.plan.report, rooms);
    await planning.update(run.owner, { number: run.planNumber, request }, { ...decision.plan, report });
    // A plan that was made during the run also shows what the run did.
    if ((await planning.last(run.owner))?.number !== run.planNumber)
      await this.#ending.renewPlan(run, signal);
    const isWatched = rooms.some(watchedIn(run));
    const problem = await this.#problemAtEnd(run, all);
    if (problem !== null && isRefusing(problem) && !isWatched) {
      await this.#ending.announceLate(run, rooms);
      await runs.apply(run.id, "needs_owner", { problem }, run.epoch);
      return null;
    }
    const shown = await planning.withAsked(run.owner, report);
    const announce = (ended: Run): Promise<void> =>
      run.endedAt === null
        ? listener.ended(ended, { ...decision.plan, report: shown })
        : this.#ending.announceLate(ended, rooms);
    await this.#ending.store(run, isWatched ? "settled_with_watch" : "settled", announce, { problem });
    log.info({ runId: run.id, isWatched }, "a run has ended");
    return null;
  }

  /** The problem of the source for which steps are left undone, if both accounts can be read. */
  async #problemAtEnd(run: Run, all: readonly StoredStep[]): Promise<RunProblem | null> {
    const known = (await this.#options.runs.get(run.id))?.problem ?? null;
    const refused = refusedSteps(all);
    if (refused !== null) return sourceProblem(refused.problem, known, this.#options.now());
    return known !== null && isRefusing(known) ? null : known;
  }

  /**
   * The decision after the last changes of the run have reached both servers, or after a few
   * seconds.
   */
  async #spread(run: Run, move: DecidedMove, signal: AbortSignal): Promise<DecidedMove> {
    const { steps, planning, now } = this.#options;
    const last = Math.max(0, ...(await steps.all(run.id)).map(({ finishedAt }) => finishedAt ?? 0));
    let decided = move;
    for (const waitMs of SPREADING_MS) {
      if (!decided.decision.plan.isSpreading || now() - last > RECENT_MS) return decided;
      await pause(waitMs, signal);
      if (signal.aborted) return decided;
      const asked = { owner: run.owner, ...move.request, onProgress: () => undefined, signal };
      const again = await planning.decide(asked, run.id);
      if ("status" in again || strangerTo(run, again) !== null) return decided;
      decided = again;
    }
    return decided;
  }

  /**
   * Ends a run that a late arrival had resumed, if the old account cannot be read. Rooms that were
   * joined are announced, and the others are watched by the new account alone. The other work is
   * done when the old account can be read again.
   */
  async #settleWithoutSource(run: Run, refusal: AccountRefusal): Promise<Unread | null> {
    const { runs, listener, now, log } = this.#options;
    const rooms = await runs.rooms(run.id);
    const letIn = roomsLetIn(rooms, run.endedAt ?? now());
    const code = isAccountProblem(refusal) ? refusal.code : "server_trouble";
    const known = (await runs.get(run.id))?.problem ?? null;
    const problem = sourceProblem({ code, serverText: null }, known, now());
    if (rooms.some(watchedIn(run))) {
      const announce = (ended: Run): Promise<void> => listener.roomsLetIn(ended, letIn);
      await this.#ending.store(run, "settled_with_watch", announce, { problem });
      log.info({ runId: run.id, refusal: refusal.code }, "a run is watched without its old account");
      return null;
    }
    await listener.roomsLetIn(run, letIn);
    if (!isAccountProblem(refusal)) return unreadFor("source", refusal);
    await runs.apply(run.id, "needs_owner", { problem }, run.epoch);
    return null;
  }

  /**
   * @returns `null` if the owner has to sign in again first; the refusal of the source, if the run
   * has ended before and can be watched without it
   */
  async #decide(
    run: Run,
    request: PlanRequestData,
    signal: AbortSignal,
  ): Promise<DecidedMove | Unread | SourceNotRead | null> {
    const { runs, planning, now, log } = this.#options;
    const asked = { owner: run.owner, ...request, onProgress: () => undefined, signal };
    const askedAt = now();
    const move = await planning.decide(asked, run.id);
    // It was paused or cancelled, or the process stops.
    if (signal.aborted) return null;
    if (!("status" in move)) {
      const stranger = strangerTo(run, move);
      if (stranger === null) return move;
      // The person has signed in another account meanwhile, or has only files of this one.
      await runs.apply(run.id, "needs_owner", { problem: sessionEnded(stranger, now()) }, run.epoch);
      return null;
    }
    if (move.status === "not_read" && move.account.side === "source" && run.endedAt !== null) return move;
    if (move.status === "not_read" && !isAccountProblem(move.refusal)) {
      const { account, refusal } = move;
      log.warn(
        { runId: run.id, side: account.side, refusal: refusal.code },
        "an account could not be read at the end of a run",
      );
      return unreadFor(account.side, refusal);
    }
    await runs.apply(run.id, "needs_owner", { problem: problemOf(move, askedAt) }, run.epoch);
    return null;
  }
}

function problemOf(cannot: CannotDecide, since: number): Run["problem"] {
  if (cannot.status === "not_signed_in") return sessionEnded(cannot.missing[0] ?? "source", since);
  const { account, refusal } = cannot;
  if (!isAccountProblem(refusal)) return null;
  return { side: account.side, problem: { code: refusal.code, serverText: null }, since };
}

/** A problem of the source. If it is already known, it began then. */
function sourceProblem(problem: StepProblem, known: RunProblem | null, now: number): RunProblem {
  const isKnown = known?.side === "source" && known.problem.code === problem.code;
  return isKnown ? known : { side: "source", problem, since: now };
}

/** Whether the source refuses everything, or everything that it would write. */
function isRefusing({ side, problem }: RunProblem): boolean {
  return side === "source" && isAccountProblem(problem);
}

type SourceNotRead = Extract<CannotDecide, { status: "not_read" }>;

function sessionEnded(side: Side, since: number): NonNullable<Run["problem"]> {
  return { side, problem: { code: "session_ended", serverText: null }, since };
}

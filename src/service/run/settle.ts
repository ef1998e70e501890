import { isAccountProblem } from "../../model/account-problem.ts";
import type { Logger } from "pino";
import type { Side } from "../../model/account.ts";
import { sides } from "../../model/account.ts";
import type { StoredStep, Run } from "../../model/run.ts";
import type { PlannedStep } from "../../model/step.ts";
import type { RunEvent } from "../../model/run-states.ts";
import { isWorkedOn, nextState } from "../../model/run-states.ts";
import { stages } from "../../model/step.ts";
import {
  categoryOfStep,
  planContentSteps,
  writesWholeList,
} from "../../platforms/matrix/categories/registry.ts";
import { roomMapping } from "../../platforms/matrix/planning/room-mapping.ts";
import { powerStep } from "../../platforms/matrix/planning/room-steps.ts";
import type { PlannedRoom } from "../../platforms/matrix/planning/planned-room.ts";
import type { Report } from "../../model/report.ts";
import type { RunRoom } from "../../platforms/matrix/room-of-run.ts";
import { readRunRoom, runRoom, waitsForPerson } from "../../platforms/matrix/room-of-run.ts";
import type { Unread } from "../../queue/runner-work.ts";
import type { Runs } from "../../store/runs.ts";
import type { Steps } from "../../store/steps.ts";
import type { PlanRequestData } from "../plan/request.ts";
import { planRequestSchema } from "../plan/request.ts";
import type { CannotDecide, Decision, Planning } from "../plan/planning.ts";
import type { AccountRefusal } from "../accounts/results.ts";
import { roomsLetIn } from "./rooms-let-in.ts";
import type { RunListener } from "./run-listener.ts";
import { stepsInto } from "./work.ts";

export interface RunSettlerOptions {
  planning: Planning;
  runs: Runs;
  steps: Steps;
  listener: Pick<RunListener, "ended" | "roomsLetIn">;
  now: () => number;
  log: Logger;
}

/** Steps of the run by their keys. */
type Tried = ReadonlyMap<string, StoredStep>;

/**
 * What happens when nothing of a run is left that can run: both accounts are read once more, what
 * is still missing and was not tried is done too, and the report is made of what really stands.
 */
export class RunSettler {
  readonly #options: RunSettlerOptions;

  constructor(options: RunSettlerOptions) {
    this.#options = options;
  }

  /** @returns what has to be waited for where an account cannot be read just now */
  async settled(run: Run, signal: AbortSignal): Promise<Unread | null> {
    const { runs, steps, planning, listener, log } = this.#options;
    if (run.purpose !== "move") {
      const waitsFor = await this.#renewPlan(run, signal);
      if (waitsFor !== null) return waitsFor;
      // It was paused or cancelled meanwhile.
      const stored = await runs.get(run.id);
      if (stored === null || !isWorkedOn(stored)) return null;
      await this.#settle(run, "settled", (ended) => listener.ended(ended, null));
      return null;
    }
    const request = planRequestSchema.parse(run.request);
    const decision = await this.#decide(run, request, signal);
    if (decision === null || "waitingFor" in decision) return decision;
    const tried = new Map((await steps.all(run.id)).map((step) => [step.key, step]));
    const rooms = await this.#revisedRooms(run, decision, tried);
    const left = stepsLeft(run, decision, { rooms, tried, request });
    const change = {
      rooms,
      steps: left,
      again: [],
      run: { event: "revised", change: { stage: stages.profile } },
    } as const;
    const isRunning = await steps.revise(run.id, change);
    // It was paused or cancelled meanwhile.
    if (!isRunning) return null;
    // Something may be left too of a room into which the account came by itself.
    if (await steps.hasOpen(run.id, stages.last)) {
      log.info({ runId: run.id, steps: left.length }, "a run goes on with what it found missing");
      return null;
    }
    const report = reportOf(decision.made.report, rooms);
    await planning.update(run.owner, { number: run.planNumber, request }, { ...decision.made, report });
    // Planned while this run went on; what the run did is in that plan too.
    if ((await planning.last(run.owner))?.number !== run.planNumber) await this.#renewPlan(run, signal);
    const isWatched = rooms.some(waitsForPerson);
    await this.#settle(run, isWatched ? "settled_with_watch" : "settled", (ended) =>
      run.endedAt === null
        ? listener.ended(ended, { ...decision.made, report })
        : listener.roomsLetIn(ended, roomsLetIn(rooms, run.endedAt)),
    );
    log.info({ runId: run.id, isWatched }, "a run has ended");
    return null;
  }

  /**
   * Announces the end before it is stored: after a crash in between, it is announced once more
   * under the same key, and not never.
   */
  async #settle(run: Run, event: RunEvent, announce: (ended: Run) => Promise<void>): Promise<void> {
    const { runs, now } = this.#options;
    const endedAt = run.endedAt ?? now();
    await announce({ ...run, state: nextState(run.state, event) ?? run.state, endedAt });
    await runs.apply(run.id, event, { endedAt });
  }

  /**
   * What a part of a move, or an undo, did shows in reports too, which are made of the last plan.
   * @returns what has to be waited for where an account does not let itself be read just now
   */
  async #renewPlan({ id, owner, source, target }: Run, signal: AbortSignal): Promise<Unread | null> {
    const { planning, log } = this.#options;
    const plan = await planning.last(owner);
    if (plan?.report.source !== source || plan.report.target !== target) return null;
    const decision = await planning.decide({ owner, ...plan.request, onProgress: () => undefined, signal });
    if (!("status" in decision)) {
      const isSame = decision.source.account.userId === source && decision.target.account.userId === target;
      if (isSame) await planning.update(owner, plan, decision.made);
      return null;
    }
    log.warn(
      { runId: id, status: decision.status },
      "the last plan could not be renewed at the end of a run",
    );
    const isPassing = decision.status === "not_read" && !isAccountProblem(decision.refusal);
    return isPassing ? unreadFor(decision.account.side, decision.refusal) : null;
  }

  /** `null`: its owner must sign in again first. */
  async #decide(run: Run, request: PlanRequestData, signal: AbortSignal): Promise<Decision | Unread | null> {
    const { runs, planning, now, log } = this.#options;
    const asked = { owner: run.owner, ...request, onProgress: () => undefined, signal };
    const decision = await planning.decide(asked, run.id);
    if (!("status" in decision)) {
      const stranger = sides.find((side) => decision[side].account.userId !== run[side]);
      if (stranger === undefined) return decision;
      // Another account was signed in meanwhile: nothing of it belongs into this run.
      await runs.apply(run.id, "needs_owner", { problem: sessionEnded(stranger, now()) });
      return null;
    }
    if (decision.status === "not_read" && !isAccountProblem(decision.refusal)) {
      const { account, refusal } = decision;
      log.warn(
        { runId: run.id, side: account.side, refusal: refusal.code },
        "an account could not be read at the end of a run",
      );
      return unreadFor(account.side, refusal);
    }
    await runs.apply(run.id, "needs_owner", { problem: problemOf(decision, now()) });
    return null;
  }

  async #revisedRooms(run: Run, { decided }: Decision, tried: Tried): Promise<RunRoom[]> {
    const before = new Map(
      (await this.#options.runs.rooms(run.id)).map(readRunRoom).map((room) => [room.roomId, room]),
    );
    const isTried = (room: RunRoom): boolean =>
      stepsInto(room, room.route).every(({ key }) => tried.has(key));
    const revise = (isReplacement: boolean) => (room: PlannedRoom) =>
      revisedRoom(runRoom(room, { isReplacement }), before.get(room.roomId), isTried);
    const revised = [...decided.rooms.map(revise(false)), ...decided.replacements.map(revise(true))];
    const byId = new Map(revised.map((room) => [room.roomId, room]));
    return revised.map((room) => {
      const successor = byId.get(room.planned.row.successor ?? "");
      return room.route === "successor" && successor !== undefined
        ? { ...room, status: successor.status }
        : room;
    });
  }
}

/**
 * What could still be done and was not tried, and lists that were written before a room came in.
 */
function stepsLeft(
  run: Run,
  { decided, readings }: Decision,
  { rooms, tried, request }: { rooms: readonly RunRoom[]; tried: Tried; request: PlanRequestData },
): PlannedStep[] {
  const wanted = [
    ...rooms.filter((room) => room.status === "planned").flatMap((room) => stepsInto(room, room.route)),
    ...[...decided.rooms, ...decided.replacements].map(powerStep).filter((step) => step !== null),
    ...planContentSteps(readings.source, readings.target, roomMapping(decided.rooms)),
  ].filter(isChosen(request));
  const lastJoinedAt = Math.max(0, ...rooms.map((room) => room.joinedAt ?? 0));
  return wanted.flatMap((step) => nextOf(step, tried, lastJoinedAt) ?? []);
}

/** Whether a filter by categories lets a step pass. */
export function isChosen({ filters }: PlanRequestData): (step: PlannedStep) => boolean {
  const { categories } = filters;
  return ({ kind }) => categories === null || kind === "undo" || categories.includes(categoryOfStep(kind));
}

/**
 * The step as it is to be done now, `null` where it was tried. A list that was written is written
 * again as a step of its own, so that each keeps what it takes to undo it.
 */
function nextOf(step: PlannedStep, tried: Tried, lastJoinedAt: number): PlannedStep | null {
  for (let time = 1; ; time += 1) {
    const key = time === 1 ? step.key : `${step.key} ${time}`;
    const before = tried.get(key);
    if (before === undefined) return { ...step, key };
    const isWritten =
      before.state === "done" && writesWholeList(step.kind) && (before.finishedAt ?? 0) < lastJoinedAt;
    if (!isWritten) return null;
  }
}

/**
 * The room as it stands now; what the run tried and did not get is not planned any more
 * (product.md, "Routes").
 */
function revisedRoom(
  now: RunRoom,
  before: RunRoom | undefined,
  isTried: (room: RunRoom) => boolean,
): RunRoom {
  if (before === undefined) return now;
  const kept = { ...now, refusals: before.refusals, joinedAt: before.joinedAt };
  const isGivenUp =
    kept.status === "planned" && before.status !== "planned" && before.status !== "done" && isTried(kept);
  return isGivenUp ? { ...kept, status: before.status } : kept;
}

/** The report with the rooms as the run left them. */
export function reportOf(report: Report, rooms: readonly RunRoom[]): Report {
  const byId = new Map(rooms.map((room) => [room.roomId, room]));
  return {
    ...report,
    rooms: report.rooms.map((row) => ({ ...row, status: byId.get(row.roomId)?.status ?? row.status })),
  };
}

function problemOf(cannot: CannotDecide, since: number): Run["problem"] {
  if (cannot.status === "not_signed_in") return sessionEnded(cannot.missing[0] ?? "source", since);
  const { account, refusal } = cannot;
  if (!isAccountProblem(refusal)) return null;
  return { side: account.side, problem: { code: refusal.code, serverText: null }, since };
}

/** @param refusal one that passes by itself */
function unreadFor(side: Side, refusal: AccountRefusal): Unread {
  const waitMs = "retryAfterMs" in refusal ? refusal.retryAfterMs : null;
  return { side, waitingFor: refusal.code === "limited" ? "limit" : "server", waitMs };
}

function sessionEnded(side: Side, since: number): NonNullable<Run["problem"]> {
  return { side, problem: { code: "session_ended", serverText: null }, since };
}

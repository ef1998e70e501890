import type { Logger } from "pino";
import type { Side } from "../../model/account.ts";
import { NO_FILTERS } from "../../platforms/matrix/planning/filters.ts";
import type { Report } from "../../model/report.ts";
import { readRunRoom, waitsForPerson } from "../../platforms/matrix/room-of-run.ts";
import type { Limits } from "../../queue/rate-limits.ts";
import type { Runner } from "../../queue/runner.ts";
import type { NewRun, Runs } from "../../store/runs.ts";
import type { Steps } from "../../store/steps.ts";
import type { AccountClients } from "../accounts/clients.ts";
import { convertChat } from "./convert-chat.ts";
import type { KeyedQueue } from "../keyed-queue.ts";
import type { ConvertRequest, MoveCommands, PartRequest, StartRequest } from "./move-commands.ts";
import type { Decision, Planning, StoredPlan } from "../plan/planning.ts";
import type { RunControl } from "./control.ts";
import { isActive, isWorkedOn } from "../../model/run-states.ts";
import { runningReport } from "./report.ts";
import type {
  Beginning,
  CancelResult,
  ConvertResult,
  PauseResult,
  ResumeResult,
  RunStatus,
  StartResult,
  UndoPreviewResult,
  VerifyResult,
} from "./results.ts";
import type { RunStatuses } from "./status.ts";
import { UndoPlanner } from "./undo.ts";
import { differencesOf, stepsOfRooms, profileSteps, unknownRooms, stepsOfWholePlan } from "./steps-of-run.ts";
import type { RunContents } from "./steps-of-run.ts";

export interface MovesOptions {
  planning: Planning;
  clients: AccountClients;
  runs: Runs;
  steps: Steps;
  limits: Limits;
  runner: Runner;
  statuses: RunStatuses;
  botUserId: string;
  now: () => number;
  log: Logger;
}

/**
 * Starts, holds and ends the runs of people's plans. What is asked of one person is done in order.
 */
export class Moves implements MoveCommands {
  readonly #options: MovesOptions;
  readonly #undoPlanner: UndoPlanner;
  readonly #queue: KeyedQueue;
  readonly #control: RunControl;

  constructor(options: MovesOptions & { queue: KeyedQueue; control: RunControl }) {
    this.#options = options;
    this.#queue = options.queue;
    this.#control = options.control;
    this.#undoPlanner = new UndoPlanner(options);
  }

  start(request: StartRequest): Promise<StartResult> {
    return this.#queue.run(request.owner, async () => {
      const plan = await this.#options.planning.last(request.owner);
      return (
        (await this.#control.refuseIfActive(request)) ??
        (plan === null ? { status: "no_plan" } : this.#start(request, plan))
      );
    });
  }

  async #start(request: StartRequest, plan: StoredPlan): Promise<StartResult> {
    const { planning } = this.#options;
    const decision = await planning.decide({
      ...plan.request,
      owner: request.owner,
      onProgress: request.onProgress,
    });
    if ("status" in decision) return decision;
    const { report } = decision.made;
    const { source, target } = plan.report;
    if (report.source !== source || report.target !== target)
      return { status: "other_accounts", planned: { source, target } };
    await planning.update(request.owner, plan, decision.made);
    const differences = differencesOf(plan.report, report);
    const { canBegin } = decision.made.work;
    const { rooms, steps } = stepsOfWholePlan(decision, plan.request);
    const canWatch = rooms.some(waitsForPerson) && !(await this.isWatched(request.owner, report));
    if (!canBegin && !canWatch) return { status: "nothing_to_do", report, ...differences };
    const run = {
      ...accountsOf(request, decision),
      planNumber: plan.number,
      purpose: "move" as const,
      request: plan.request,
    };
    return this.#begin(run, { rooms, steps }, { ...differences, isOnlyWatch: !canBegin });
  }

  inviteAll(request: PartRequest): Promise<StartResult> {
    return this.#part(request, "invitations");
  }

  joinAll(request: PartRequest): Promise<StartResult> {
    return this.#part(request, "joins");
  }

  /**
   * Rooms that are named are tried whatever the plan says of them; the server has the last word.
   */
  #part(request: PartRequest, purpose: "invitations" | "joins"): Promise<StartResult> {
    return this.#queue.run(request.owner, async () => {
      const refused = await this.#control.refuseIfActive(request);
      if (refused) return refused;
      const decision = await this.#options.planning.decideAsTyped(request);
      if ("status" in decision) return decision;
      const { made } = decision;
      const named = request.rooms.map((word) => decision.aliases.get(word) ?? word);
      const unknown = [...unknownRooms(decision, named), ...made.unknownRooms];
      if (unknown.length > 0) return { status: "unknown_rooms", rooms: unknown };
      const { rooms, steps } = stepsOfRooms(decision, { purpose, named });
      if (steps.length === 0) return { status: "nothing_to_do", report: made.report, changes: [], gone: [] };
      const run = { ...accountsOf(request, decision), planNumber: 0, purpose, request: decision.request };
      return this.#begin(run, { rooms, steps });
    });
  }

  copyProfile(request: StartRequest): Promise<StartResult> {
    return this.#queue.run(request.owner, async () => {
      const refused = await this.#control.refuseIfActive(request);
      if (refused) return refused;
      const filters = { ...NO_FILTERS, hasRooms: false, categories: ["profile" as const] };
      const decision = await this.#options.planning.decide({ ...request, filters });
      if ("status" in decision) return decision;
      const { made } = decision;
      const steps = profileSteps(decision);
      if (steps.length === 0) return { status: "nothing_to_do", report: made.report, changes: [], gone: [] };
      const kept = { planNumber: 0, purpose: "profile" as const, request: decision.request };
      const run = { ...accountsOf(request, decision), ...kept };
      return this.#begin(run, { rooms: [], steps });
    });
  }

  async status(owner: string): Promise<RunStatus | null> {
    const run = await this.#control.current(owner);
    return run && this.#options.statuses.of(run);
  }

  async isWatched(
    owner: string,
    { source, target, rooms }: Pick<Report, "source" | "target" | "rooms">,
  ): Promise<boolean> {
    const { runs } = this.#options;
    const run = (await runs.unfinished(owner)).find(
      (each) =>
        each.purpose === "move" &&
        each.state === "watching" &&
        each.source === source &&
        each.target === target,
    );
    if (run === undefined) return false;
    const watched = new Set(
      (await runs.rooms(run.id))
        .map(readRunRoom)
        .filter(waitsForPerson)
        .map(({ roomId }) => roomId),
    );
    return rooms.every(
      ({ roomId, status }) => (status !== "needs_moderator" && status !== "needs_you") || watched.has(roomId),
    );
  }

  pause(owner: string): Promise<PauseResult> {
    return this.#control.pause(owner);
  }

  resume(owner: string): Promise<ResumeResult> {
    return this.#control.resume(owner);
  }

  cancel(owner: string): Promise<CancelResult> {
    return this.#control.cancel(owner);
  }

  abandonOnLogout(owner: string, chosen: readonly Side[]): Promise<CancelResult | null> {
    return this.#control.abandonOnLogout(owner, chosen);
  }

  async verify(
    owner: string,
    { onProgress, botRoomIds }: Pick<StartRequest, "onProgress" | "botRoomIds">,
  ): Promise<VerifyResult> {
    const plan = await this.#options.planning.last(owner);
    if (plan === null) return { status: "no_plan" };
    const { filters } = plan.request;
    const decision = await this.#options.planning.decide({ owner, filters, botRoomIds, onProgress });
    if ("status" in decision) return decision;
    const { report, moreHelpers, notMoved } = decision.made;
    return { status: "verified", report, moreHelpers, categories: report.categories, notMoved };
  }

  previewUndo(owner: string): Promise<UndoPreviewResult> {
    return this.#queue.run(owner, async () => {
      const refused = await this.#control.active(owner);
      return refused ?? this.#undoPlanner.preview(owner);
    });
  }

  undo({ owner, address }: Pick<StartRequest, "owner" | "address">): Promise<StartResult> {
    return this.#queue.run(owner, async () => {
      const refused = await this.#control.refuseIfActive({ owner, address });
      if (refused) return refused;
      const undo = await this.#undoPlanner.plan(owner);
      if (undo === null || undo.steps.length === 0) {
        const plan = await this.#options.planning.last(owner);
        return plan === null
          ? { status: "no_plan" }
          : { status: "nothing_to_do", report: plan.report, changes: [], gone: [] };
      }
      const { rooms, steps, ...accounts } = undo;
      return this.#begin({ ...accounts, owner, address, purpose: "undo" }, { rooms, steps });
    });
  }

  convert(owner: string, request: ConvertRequest): Promise<ConvertResult> {
    return convertChat(owner, request, this.#options);
  }

  /** The last plan; while its run goes on, with what is done for each room now. */
  async lastPlan(owner: string): Promise<StoredPlan | null> {
    const { planning, runs, steps, limits, now } = this.#options;
    const plan = await planning.last(owner);
    const run = await this.#control.current(owner);
    if (plan === null || run?.purpose !== "move" || !isActive(run) || run.planNumber !== plan.number)
      return plan;
    await limits.load(run.source);
    await limits.load(run.target);
    const rooms = (await runs.rooms(run.id)).map(readRunRoom);
    const standing = { rooms, steps: await steps.all(run.id), source: run.source, target: run.target };
    const report = runningReport(plan.report, standing, {
      limits,
      now: now(),
      isRunning: isWorkedOn(run),
    });
    return { ...plan, report };
  }

  async #begin(
    what: Omit<NewRun, "startedAt">,
    { rooms, steps }: RunContents,
    beginning: Beginning = { changes: [], gone: [], isOnlyWatch: false },
  ): Promise<StartResult> {
    const { runs, runner, statuses, now, log } = this.#options;
    const isInPlace = what.purpose === "move" || what.purpose === "undo";
    const run = await runs.create({ ...what, startedAt: now() }, { rooms, steps, isInPlace });
    if (run === null)
      return (await this.#control.active(what.owner)) ?? this.#begin(what, { rooms, steps }, beginning);
    log.info(
      { runId: run.id, purpose: run.purpose, rooms: rooms.length, steps: steps.length },
      "a run begins",
    );
    await runner.begin(run);
    return { status: "started", run: await statuses.of(run), ...beginning };
  }
}

function accountsOf(
  { owner, address }: Pick<StartRequest, "owner" | "address">,
  { source, target }: Decision,
): Pick<NewRun, "owner" | "address" | "source" | "target"> {
  return { owner, address, source: source.account.userId, target: target.account.userId };
}

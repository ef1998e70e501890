import type { Logger } from "pino";
import { NO_FILTERS } from "../../model/filters.ts";
import { waitsForPerson } from "../../model/room-routes.ts";
import type { Runner } from "../../queue/runner.ts";
import type { NewRun, Runs } from "../../store/runs.ts";
import type { Steps } from "../../store/steps.ts";
import type { KeyedQueue } from "../../model/keyed-queue.ts";
import type { PartRequest, StartRequest } from "./requests.ts";
import type { Decision, Planning } from "../plan/planning.ts";
import type { StoredPlan } from "../plan/stored-plan.ts";
import type { RunControl } from "./control.ts";
import type { RunOverview } from "./overview.ts";
import type { Beginning, StartResult, UndoPreviewResult } from "./results.ts";
import type { RunStatuses } from "./status.ts";
import { UndoPlanner } from "./undo.ts";
import { differencesOf } from "../../model/plan-changes.ts";
import {
  stepsOfRooms,
  profileSteps,
  unknownRooms,
  stepsOfWholePlan,
} from "../../platforms/matrix/steps-of-run.ts";
import type { RunContents } from "../../platforms/matrix/steps-of-run.ts";

export interface RunStarterOptions {
  planning: Planning;
  runs: Runs;
  steps: Steps;
  runner: Pick<Runner, "begin">;
  statuses: Pick<RunStatuses, "of">;
  control: Pick<RunControl, "active" | "refuseIfActive">;
  overview: Pick<RunOverview, "isWatched">;
  queue: KeyedQueue;
  now: () => number;
  log: Logger;
}

/**
 * Starts runs: of a whole plan, of a part of it, and undos. One person's requests are done in
 * order.
 */
export class RunStarter {
  readonly #options: RunStarterOptions;
  readonly #undoPlanner: UndoPlanner;

  constructor(options: RunStarterOptions) {
    this.#options = options;
    this.#undoPlanner = new UndoPlanner(options);
  }

  start(request: StartRequest): Promise<StartResult> {
    return this.#options.queue.run(request.owner, async () => {
      const plan = await this.#options.planning.last(request.owner);
      return (
        (await this.#options.control.refuseIfActive(request)) ??
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
    const canWatch =
      rooms.some(waitsForPerson) && !(await this.#options.overview.isWatched(request.owner, report));
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
   * Rooms that are named are tried whatever the plan says about them. The server has the last word.
   */
  #part(request: PartRequest, purpose: "invitations" | "joins"): Promise<StartResult> {
    return this.#options.queue.run(request.owner, async () => {
      const refused = await this.#options.control.refuseIfActive(request);
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
    return this.#options.queue.run(request.owner, async () => {
      const refused = await this.#options.control.refuseIfActive(request);
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

  previewUndo(owner: string): Promise<UndoPreviewResult> {
    return this.#options.queue.run(owner, async () => {
      const refused = await this.#options.control.active(owner);
      return refused ?? this.#undoPlanner.preview(owner);
    });
  }

  undo({ owner, address }: Pick<StartRequest, "owner" | "address">): Promise<StartResult> {
    return this.#options.queue.run(owner, async () => {
      const refused = await this.#options.control.refuseIfActive({ owner, address });
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

  async #begin(
    what: Omit<NewRun, "startedAt">,
    { rooms, steps }: RunContents,
    beginning: Beginning = { changes: [], gone: [], isOnlyWatch: false },
  ): Promise<StartResult> {
    const { runs, runner, statuses, now, log } = this.#options;
    const isInPlace = what.purpose === "move" || what.purpose === "undo";
    const run = await runs.create({ ...what, startedAt: now() }, { rooms, steps, isInPlace });
    if (run === null)
      return (
        (await this.#options.control.active(what.owner)) ?? this.#begin(what, { rooms, steps }, beginning)
      );
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

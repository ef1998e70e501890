import { isDeepStrictEqual } from "node:util";
import type { PlanFilters } from "../../model/filters.ts";
import { NO_FILTERS } from "../../model/filters.ts";
import { differencesOf } from "../../model/plan-changes.ts";
import { watchedIn } from "../../model/room-routes.ts";
import type { Platforms } from "../../platforms/platform.ts";
import type { Runs } from "../../store/runs.ts";
import type { Steps } from "../../store/steps.ts";
import type { PeoplesAccounts } from "../accounts/peoples-accounts.ts";
import type { Planning } from "../plan/planning.ts";
import type { StoredPlan } from "../plan/stored-plan.ts";
import type { BeginRun } from "./begin.ts";
import { accountsOf } from "./begin.ts";
import type { RunControl } from "./control.ts";
import type { Kept, KeptRequest } from "./kept-request.ts";
import { filtersToKeep } from "./kept-request.ts";
import type { KeptRequests } from "./kept-requests.ts";
import type { RunOverview } from "./overview.ts";
import type { PartRequest, StartRequest } from "./requests.ts";
import type { StartResult, UndoPreviewResult, UndoResult } from "./results.ts";
import type { ConfirmedUndo } from "./undo.ts";
import { UndoPlanner } from "./undo.ts";

export interface RunStarterOptions {
  platforms: Platforms<"runs" | "pair">;
  accounts: Pick<PeoplesAccounts, "perhapsOfRun">;
  planning: Planning;
  runs: Runs;
  steps: Steps;
  begin: BeginRun;
  control: Pick<RunControl, "active" | "refuseIfActive">;
  kept: Pick<KeptRequests, "attempt">;
  overview: Pick<RunOverview, "isWatched">;
}

/**
 * Starts runs: of a whole plan, of a part of it, and undos. The requests of one person run in
 * order.
 */
export class RunStarter {
  readonly #options: RunStarterOptions;
  readonly #undoPlanner: UndoPlanner;

  constructor(options: RunStarterOptions) {
    this.#options = options;
    this.#undoPlanner = new UndoPlanner(options);
  }

  /** @param retried the kept request that is tried again, here and below */
  start(request: StartRequest, retried: Kept | null = null): Promise<StartResult> {
    const { owner, address, botRoomIds } = request;
    let filters: PlanFilters | null = null;
    const asked = {
      ...{ owner, address, retried },
      request: (): KeptRequest => ({
        kind: "move",
        botRoomIds: [...botRoomIds],
        filters: filters && filtersToKeep(filters),
      }),
    };
    return this.#options.kept.attempt<StartResult>(asked, async (signal) => {
      const plan = await this.#options.planning.last(owner);
      const refused = await this.#options.control.refuseIfActive(request, "move");
      if (refused) return refused;
      if (plan === null) return { status: "no_plan" };
      filters = plan.request.filters;
      return isOther(plan, retried) ? { status: "other_plan" } : this.#start({ ...request, signal }, plan);
    });
  }

  async #start(request: StartRequest & { signal: AbortSignal }, plan: StoredPlan): Promise<StartResult> {
    const { planning } = this.#options;
    const refused = await planning.oldServerAnswers(request.owner, request.signal);
    if (refused !== null) return refused;
    const move = await planning.decide({
      ...plan.request,
      owner: request.owner,
      onProgress: request.onProgress,
      signal: request.signal,
    });
    if ("status" in move) return move;
    const { decision } = move;
    const { report } = decision.plan;
    const { source, target } = plan.report;
    if (report.source !== source || report.target !== target)
      return { status: "other_accounts", planned: { source, target } };
    await planning.update(request.owner, plan, decision.plan);
    const differences = differencesOf(plan.report, report, decision.plan.byFiles?.tried ?? []);
    const { canBegin } = decision.plan.work;
    const { rooms, steps } = decision.wholePlan(plan.request);
    const accounts = accountsOf(request, move);
    const canWatch =
      rooms.some(watchedIn(accounts)) && !(await this.#options.overview.isWatched(request.owner, report));
    if (!canBegin && !canWatch) return { status: "nothing_to_do", report, ...differences };
    const run = {
      ...accounts,
      planNumber: plan.number,
      purpose: "move" as const,
      request: plan.request,
    };
    return this.#options.begin(run, { rooms, steps }, { ...differences, isOnlyWatch: !canBegin });
  }

  inviteAll(request: PartRequest, retried: Kept | null = null): Promise<StartResult> {
    return this.#part(request, "invitations", retried);
  }

  joinAll(request: PartRequest, retried: Kept | null = null): Promise<StartResult> {
    return this.#part(request, "joins", retried);
  }

  /** Named rooms are tried whatever the plan says about them. The server decides. */
  #part(request: PartRequest, purpose: "invitations" | "joins", retried: Kept | null): Promise<StartResult> {
    const { owner, address } = request;
    const asked = {
      ...{ owner, address, retried },
      request: (): KeptRequest => ({
        kind: purpose,
        botRoomIds: [...request.botRoomIds],
        filters: filtersToKeep(request.filters),
        rooms: [...request.rooms],
      }),
    };
    return this.#options.kept.attempt<StartResult>(asked, async (signal) => {
      const refused = await this.#options.control.refuseIfActive(request, purpose);
      if (refused) return refused;
      const move = await this.#options.planning.decideAsTyped({ ...request, signal });
      if ("status" in move) return move;
      const { decision } = move;
      const named = request.rooms.map((word) => decision.aliases.get(word) ?? word);
      const unknown = [...decision.unknownRooms(named), ...decision.plan.unknownRooms];
      if (unknown.length > 0) return { status: "unknown_rooms", rooms: unknown };
      const { rooms, steps } = decision.someRooms({ purpose, named });
      if (steps.length === 0)
        return { status: "nothing_to_do", report: decision.plan.report, changes: [], gone: [] };
      const run = { ...accountsOf(request, move), planNumber: 0, purpose, request: move.request };
      return this.#options.begin(run, { rooms, steps });
    });
  }

  copyProfile(request: StartRequest, retried: Kept | null = null): Promise<StartResult> {
    const { owner, address, botRoomIds } = request;
    const asked = {
      ...{ owner, address, retried },
      request: (): KeptRequest => ({ kind: "profile", botRoomIds: [...botRoomIds] }),
    };
    return this.#options.kept.attempt<StartResult>(asked, async (signal) => {
      const refused = await this.#options.control.refuseIfActive(request, "profile");
      if (refused) return refused;
      const filters = { ...NO_FILTERS, hasRooms: false, categories: ["profile" as const] };
      const move = await this.#options.planning.decide({ ...request, filters, signal });
      if ("status" in move) return move;
      const { decision } = move;
      const steps = decision.profileSteps();
      if (steps.length === 0)
        return { status: "nothing_to_do", report: decision.plan.report, changes: [], gone: [] };
      const what = { planNumber: 0, purpose: "profile" as const, request: move.request };
      return this.#options.begin({ ...accountsOf(request, move), ...what }, { rooms: [], steps });
    });
  }

  previewUndo(
    { owner, address }: Pick<StartRequest, "owner" | "address">,
    retried: Kept | null = null,
  ): Promise<UndoPreviewResult> {
    const asked = { owner, address, retried, request: (): KeptRequest => ({ kind: "undo_question" }) };
    return this.#options.kept.attempt<UndoPreviewResult>(
      asked,
      async (signal) =>
        (await this.#options.control.active(owner, "undo")) ?? this.#undoPlanner.preview(owner, signal),
    );
  }

  /** Undoes what the person has seen and confirmed. */
  undo(
    { owner, address }: Pick<StartRequest, "owner" | "address">,
    { shown, leavesAnyway }: ConfirmedUndo,
    retried: Kept | null = null,
  ): Promise<UndoResult> {
    const asked = {
      ...{ owner, address, retried },
      request: (): KeptRequest => ({ kind: "undo", shown, leavesAnyway }),
    };
    return this.#options.kept.attempt<UndoResult>(asked, async (signal) => {
      const refused = await this.#options.control.refuseIfActive({ owner, address }, "undo");
      if (refused) return refused;
      const found = await this.#undoPlanner.plan(owner, { shown, leavesAnyway }, signal);
      if (found.status === "possible") return { status: "changed", preview: found };
      if (found.status === "nothing_to_undo") {
        const plan = await this.#options.planning.last(owner);
        return plan === null
          ? { status: "no_plan" }
          : { status: "nothing_to_do", report: plan.report, changes: [], gone: [] };
      }
      if (found.status !== "planned") return found;
      const { rooms, steps, ...accounts } = found.undo;
      return this.#options.begin({ ...accounts, owner, address, purpose: "undo" }, { rooms, steps });
    });
  }
}

/** Whether a kept start was for a plan of other rooms or kinds of things than the last one. */
function isOther({ request }: StoredPlan, retried: Kept | null): boolean {
  if (retried?.request.kind !== "move" || retried.request.filters === null) return false;
  return !isDeepStrictEqual(request.filters, retried.request.filters);
}

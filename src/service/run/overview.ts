import type { Report } from "../../model/report.ts";
import { watchedIn } from "../../model/room-routes.ts";
import { isLeftToWatch } from "../../model/rooms-left.ts";
import { isWorkedOn, nextState } from "../../model/run-states.ts";
import { asksPeople } from "../../model/run-tracks.ts";
import type { Limits } from "../../queue/rate-limits.ts";
import type { Runs } from "../../store/runs.ts";
import type { Steps } from "../../store/steps.ts";
import type { Planning } from "../plan/planning.ts";
import type { StoredPlan } from "../plan/stored-plan.ts";
import { currentRuns } from "./current-runs.ts";
import type { Kept } from "./kept-request.ts";
import type { KeptRequests } from "./kept-requests.ts";
import { runningReport } from "./report.ts";
import type { RunStatus } from "./results.ts";
import type { RunStatuses } from "./status.ts";

export interface RunOverviewOptions {
  planning: Pick<Planning, "last" | "withAsked">;
  runs: Pick<Runs, "rooms" | "joinedRooms" | "unfinished" | "last" | "active">;
  steps: Pick<Steps, "all">;
  limits: Pick<Limits, "load" | "nextAt">;
  statuses: Pick<RunStatuses, "withOldServer">;
  kept: Pick<KeptRequests, "of">;
  now: () => number;
}

/** Answers questions about runs. */
export class RunOverview {
  readonly #options: RunOverviewOptions;

  constructor(options: RunOverviewOptions) {
    this.#options = options;
  }

  /** The runs that the person sees (`currentRuns`); none if no run was ever started. */
  async statuses(owner: string): Promise<readonly RunStatus[]> {
    const { runs, statuses } = this.#options;
    return Promise.all((await currentRuns(owner, runs)).map((run) => statuses.withOldServer(run)));
  }

  /** The request of a person that is tried again by itself; `null` for none. */
  kept(owner: string): Promise<Kept | null> {
    return this.#options.kept.of(owner);
  }

  /** Whether a run watches every room of the report that waits for a person. */
  async isWatched(
    owner: string,
    { source, target, rooms }: Pick<Report, "source" | "target" | "rooms">,
  ): Promise<boolean> {
    const { runs } = this.#options;
    const run = (await runs.unfinished(owner)).find(
      (each) =>
        each.purpose === "move" &&
        nextState(each.state, "access_changed") !== null &&
        each.source === source &&
        each.target === target,
    );
    if (run === undefined) return false;
    const watched = new Set((await runs.rooms(run.id)).filter(watchedIn(run)).map(({ roomId }) => roomId));
    return rooms.every((room) => !isLeftToWatch(room) || watched.has(room.roomId));
  }

  /**
   * The last plan; `null` for none. During its run, the report shows the current status of each
   * room. Rooms that answers to questions have opened are done.
   */
  async lastPlan(owner: string): Promise<StoredPlan | null> {
    const { planning } = this.#options;
    const plan = await planning.last(owner);
    if (plan === null) return null;
    const { report, ...current } = await this.#current(owner, plan);
    const answered = await this.#withLetIn(owner, report);
    return { ...current, report: await planning.withAsked(owner, answered) };
  }

  /**
   * The report with the rooms that people have opened while a run still asks others. Such a run
   * renews the plan only at its end, which may be days away.
   */
  async #withLetIn(owner: string, report: Report): Promise<Report> {
    const { runs } = this.#options;
    const joined = new Set<string>();
    for (const run of await runs.unfinished(owner)) {
      if (!asksPeople(run) || run.source !== report.source || run.target !== report.target) continue;
      for (const roomId of await runs.joinedRooms(run.id)) joined.add(roomId);
    }
    const rooms = report.rooms.map((room) =>
      joined.has(room.roomId) ? { ...room, status: "done" as const, until: null, waitingFor: null } : room,
    );
    return { ...report, rooms };
  }

  async #current(owner: string, plan: StoredPlan): Promise<StoredPlan> {
    const { runs, steps, limits, now } = this.#options;
    const run = await runs.active(owner, "move");
    if (run?.purpose !== "move" || run.planNumber !== plan.number) return plan;
    await limits.load(run.source);
    await limits.load(run.target);
    const rooms = await runs.rooms(run.id);
    const { source, target, problem } = run;
    const current = { rooms, steps: await steps.all(run.id), source, target, problem };
    const report = runningReport(plan.report, current, {
      limits,
      now: now(),
      isRunning: isWorkedOn(run),
    });
    return { ...plan, report };
  }
}

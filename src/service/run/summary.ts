import type { CategoryName } from "../../model/categories.ts";
import { allCategories } from "../../model/categories.ts";
import { categoryOfStep } from "../../platforms/matrix/categories/registry.ts";
import type { StoredStep, Run } from "../../model/run.ts";
import type { StepKind } from "../../model/step.ts";
import type { Report } from "../../model/report.ts";
import { reportTime } from "../../model/report.ts";
import type { RunRoom } from "../../platforms/matrix/room-of-run.ts";
import { readRunRoom } from "../../platforms/matrix/room-of-run.ts";
import type { Runs } from "../../store/runs.ts";
import type { Steps } from "../../store/steps.ts";
import type { RunSummary, RunEnd } from "./results.ts";

const JOINS: ReadonlySet<StepKind> = new Set<StepKind>([
  "accept_invite",
  "join",
  "join_restricted",
  "join_invited",
]);

/** Adds up what runs did, from the outcomes of their steps. */
export class RunSummaryReader {
  readonly #store: { runs: Pick<Runs, "rooms">; steps: Pick<Steps, "all"> };
  readonly #now: () => number;

  constructor(store: { runs: Pick<Runs, "rooms">; steps: Pick<Steps, "all"> }, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  async of(run: Run): Promise<{ summary: RunSummary; failures: RunEnd["failures"]; report: Report }> {
    const steps = await this.#store.steps.all(run.id);
    const rooms = (await this.#store.runs.rooms(run.id)).map(readRunRoom);
    return {
      summary: summaryOf(steps, rooms),
      failures: failuresOf(steps, run.purpose === "move"),
      report: this.#report(run, rooms),
    };
  }

  /** The rooms of a run that was a part of a move, as it left them. */
  #report(run: Run, rooms: readonly RunRoom[]): Report {
    return {
      schema: 1,
      source: run.source,
      target: run.target,
      generatedAt: reportTime(this.#now()),
      rooms: rooms
        .filter((room) => !room.isReplacement)
        .map((room) => ({ ...room.planned.row, route: room.route, status: room.status })),
      categories: allCategories([]).map((entry) => ({ ...entry, missing: [...entry.missing] })),
    };
  }
}

function summaryOf(steps: readonly StoredStep[], rooms: readonly RunRoom[]): RunSummary {
  const done = steps.filter(({ state, outcome }) => state === "done" && outcome?.status === "done");
  const written = new Map<CategoryName, number>();
  for (const { kind } of done) {
    if (kind === "undo" || categoryOfStep(kind) === "rooms") continue;
    written.set(categoryOfStep(kind), (written.get(categoryOfStep(kind)) ?? 0) + 1);
  }
  const invited = new Set(done.filter(({ kind }) => kind === "invite").map(({ roomId }) => roomId));
  return {
    invitations: invited.size,
    joins: done.filter(({ kind }) => JOINS.has(kind)).length,
    knocks: steps.filter(({ kind, outcome }) => kind === "knock" && outcome?.status === "needs_moderator")
      .length,
    written: [...written].map(([category, count]) => ({ category, count })),
    openInvitations: rooms
      .filter((room) => invited.has(room.roomId) && !room.isInside)
      .map((room) => room.planned.row),
  };
}

/** @param hasReport rooms that were refused stand there with their reasons */
function failuresOf(steps: readonly StoredStep[], hasReport: boolean): RunEnd["failures"] {
  return steps.flatMap(({ kind, key, state, outcome }) => {
    if (state !== "failed" || outcome?.status !== "failed") return [];
    if (hasReport && kind !== "undo" && categoryOfStep(kind) === "rooms") return [];
    return [{ item: key, problem: outcome.problem }];
  });
}

import type { Report } from "../../model/report.ts";
import type { Run } from "../../model/run.ts";
import type { Platforms } from "../../platforms/platform.ts";
import type { RunSummary } from "../../platforms/runs.ts";
import type { Runs } from "../../store/runs.ts";
import type { Steps } from "../../store/steps.ts";
import type { Planning } from "../plan/planning.ts";
import { reportOfPart } from "./report.ts";
import type { RunEnd } from "./results.ts";

export interface RunSummaryOptions {
  runs: Pick<Runs, "rooms">;
  steps: Pick<Steps, "all">;
  platforms: Platforms<"runs">;
  planning: Pick<Planning, "withAsked">;
  now: () => number;
}

/** Adds up what runs did, from the outcomes of their steps. */
export class RunSummaryReader {
  readonly #options: RunSummaryOptions;

  constructor(options: RunSummaryOptions) {
    this.#options = options;
  }

  async of(run: Run): Promise<{ summary: RunSummary; failures: RunEnd["failures"]; report: Report }> {
    const { platforms, planning, now } = this.#options;
    const platform = platforms[run.platform];
    const steps = await this.#options.steps.all(run.id);
    const rooms = await this.#options.runs.rooms(run.id);
    return {
      summary: platform.runs.summary(steps, rooms),
      failures: platform.runs.failures(steps, run.purpose === "move"),
      report: await planning.withAsked(run.owner, reportOfPart(run, rooms, now())),
    };
  }
}

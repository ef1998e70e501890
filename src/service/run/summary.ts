import type { Report } from "../../model/report.ts";
import type { Run } from "../../model/run.ts";

import { failuresOf, summaryOf } from "../../platforms/matrix/summary-of-run.ts";
import { reportOfPart } from "./report.ts";
import type { Runs } from "../../store/runs.ts";
import type { Steps } from "../../store/steps.ts";
import type { RunEnd, RunSummary } from "./results.ts";

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
    const rooms = await this.#store.runs.rooms(run.id);
    return {
      summary: summaryOf(steps, rooms),
      failures: failuresOf(steps, run.purpose === "move"),
      report: reportOfPart(run, rooms, this.#now()),
    };
  }
}

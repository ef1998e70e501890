import { randomBytes } from "node:crypto";
import type { Logger } from "pino";
import type { Run, TakenStep } from "../model/run.ts";
import type { StepOutcome } from "../model/step-outcome.ts";
import type { RunnerWork, StepControl } from "./runner-work.ts";

/**
 * One try of a step. A bug in it is reported with a reference that is also in the log. The step is
 * then tried again.
 */
export async function tryStep(
  { run, step, control }: { run: Run; step: TakenStep; control: StepControl },
  { work, log }: { work: Pick<RunnerWork, "execute">; log: Logger },
): Promise<StepOutcome> {
  try {
    return await work.execute(run, step, control);
  } catch (error) {
    const reference = randomBytes(4).toString("hex");
    log.error({ err: error, reference, key: step.key, runId: run.id }, "a step failed unexpectedly");
    return {
      status: "retry",
      problem: { code: "server_trouble", serverText: `unexpected error ${reference}` },
    };
  }
}

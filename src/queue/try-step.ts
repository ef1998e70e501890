import { randomBytes } from "node:crypto";
import type { Logger } from "pino";
import type { Run, TakenStep } from "../model/run.ts";
import type { StepOutcome } from "../model/step-outcome.ts";
import { StorageError } from "../store/storage-error.ts";
import { growingPauseMs, pause } from "./pause.ts";
import type { RunnerWork, StepControl } from "./runner-work.ts";

/**
 * One try of a step. A bug in it is reported with a reference that is also in the log. The step is
 * then tried again. A storage error says nothing about the step, so the try is repeated until the
 * storage works or the process stops.
 */
export async function tryStep(
  { run, step, control }: { run: Run; step: TakenStep; control: StepControl },
  { work, log }: { work: Pick<RunnerWork, "execute">; log: Logger },
): Promise<StepOutcome> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await work.execute(run, step, control);
    } catch (error) {
      if (!(error instanceof StorageError) || control.signal.aborted)
        return unexpectedOutcome(error, { step, log }, "a step failed unexpectedly");
      log.error({ err: error, key: step.key, runId: run.id }, "a step waits for the storage");
      await pause(growingPauseMs(failures), control.signal);
    }
  }
}

/** The outcome for an error that nobody expected. It counts as a failure of the step. */
export function unexpectedOutcome(
  error: unknown,
  { step, log }: { step: TakenStep; log: Logger },
  message: string,
): StepOutcome {
  const reference = randomBytes(4).toString("hex");
  log.error({ err: error, reference, key: step.key, runId: step.runId }, message);
  return {
    status: "retry",
    problem: { code: "server_trouble", serverText: `unexpected error ${reference}` },
  };
}

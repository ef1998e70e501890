import type { Logger } from "pino";
import type { StepRecord, TakenStep } from "../model/run.ts";
import type { StepOutcome } from "../model/step-outcome.ts";
import { LeaseLostError } from "../store/run-leases.ts";
import type { RunTransition } from "../store/run-rows.ts";
import type { Consequences, Steps } from "../store/steps.ts";
import { StorageError } from "../store/storage-error.ts";
import type { ActiveRun } from "./active-run.ts";
import type { Reservation } from "./dispatch.ts";
import { growingPauseMs, pause } from "./pause.ts";
import type { Limits } from "./rate-limits.ts";
import type { RunnerWork } from "./runner-work.ts";
import type { ServerBackoff } from "./server-backoff.ts";
import { recordOf } from "./step-record.ts";
import { unexpectedOutcome } from "./try-step.ts";

export interface StepSettlerOptions {
  steps: Pick<Steps, "record">;
  limits: Limits;
  backoff: ServerBackoff;
  work: Pick<RunnerWork, "consequencesOf" | "hasOtherRoute" | "serverOf">;
  now: () => number;
  log: Logger;
}

/** A try of a step whose outcome is to be recorded. */
export interface StepTry {
  active: ActiveRun;
  step: TakenStep;
  outcome: StepOutcome;
  reservation: Reservation;
  /** Whether the run was stopped and resumed since. Then this outcome does not stop it. */
  isOld: () => boolean;
}

/** The recorded result of a try. */
export interface Settled {
  /** The outcome of the try. */
  outcome: StepOutcome;
  state: StepRecord["state"];
  /** The event of the run that followed. */
  run: RunTransition | null;
}

/** The state of recording one outcome, over repeated tries. */
interface Recording {
  outcome: StepOutcome;
  /** False if its consequences are not known. */
  hasConsequences: boolean;
  /** Null until the limits and the state of the server are updated, which happens once. */
  record: StepRecord | null;
  isTicketReturned: boolean;
}

const NOTHING: Omit<Consequences, "limiters"> = { rooms: [], steps: [], dropped: [], run: null };

/**
 * Records outcomes of steps with their consequences. Recording is repeated while the storage cannot
 * be used, because only this process knows the outcome. A bug in the consequences counts as a
 * failure of the step, like a bug in the step itself.
 */
export class StepSettler {
  readonly #options: StepSettlerOptions;

  constructor(options: StepSettlerOptions) {
    this.#options = options;
  }

  /**
   * @returns `null` if the outcome no longer counts: another process works on the run, its owner
   * was forgotten, or this process stops and the next one tries the step again
   */
  async settle(tried: StepTry, signal: AbortSignal): Promise<Settled | null> {
    const { log } = this.#options;
    const { active, step } = tried;
    const recording: Recording = {
      outcome: tried.outcome,
      hasConsequences: true,
      record: null,
      isTicketReturned: false,
    };
    for (let failures = 1; ; failures += 1) {
      try {
        return await active.turns.run(() => this.#settleOnce(tried, recording));
      } catch (error) {
        if (error instanceof LeaseLostError) return null;
        if (error instanceof StorageError) {
          log.error(
            { err: error, key: step.key, runId: step.runId, failures },
            "the outcome of a step waits for the storage",
          );
          await pause(growingPauseMs(failures), signal);
        } else {
          // If the consequences of the failure cannot be found either, the failure is recorded
          // alone.
          recording.hasConsequences = recording.outcome === tried.outcome;
          recording.outcome = unexpectedOutcome(
            error,
            { step, log },
            "the outcome of a step was not understood",
          );
          recording.record = null;
          if (!recording.hasConsequences) await pause(growingPauseMs(failures), signal);
        }
        if (signal.aborted) return null;
      }
    }
  }

  async #settleOnce(
    { active, step, reservation, isOld }: StepTry,
    recording: Recording,
  ): Promise<Settled | null> {
    const { limits, steps, work, now } = this.#options;
    const { run } = active;
    recording.record ??= await this.#record(active, step, reservation, recording);
    const { record } = recording;
    const follows = recording.hasConsequences
      ? await work.consequencesOf(
          run,
          step,
          record.state === "failed" ? record.outcome : recording.outcome,
          record.state !== "pending",
        )
      : NOTHING;
    const { ticket } = reservation;
    const limiters = ticket === null ? [] : limits.rows(ticket.userId, ticket.name);
    const change = isOld() ? null : follows.run;
    const isRecorded = await steps.record(step, record, { ...follows, run: change, limiters }, now());
    return isRecorded ? { outcome: recording.outcome, state: record.state, run: follows.run } : null;
  }

  async #record(
    { run }: ActiveRun,
    step: TakenStep,
    { ticket, server, startedAt }: Reservation,
    recording: Recording,
  ): Promise<StepRecord> {
    const { limits, backoff, work, now } = this.#options;
    const { outcome } = recording;
    const side = "side" in outcome ? outcome.side : undefined;
    // This is read before the limits are updated, because after a failed read everything is
    // repeated.
    const isDelayed = outcome.status === "retry" || outcome.status === "wait";
    const hasOtherRoute = isDelayed && (await work.hasOtherRoute(run, step));
    const returned = recording.isTicketReturned ? null : ticket;
    recording.isTicketReturned = true;
    return recordOf(
      {
        step,
        outcome,
        ticket: returned,
        startedAt,
        server: side === undefined ? server : work.serverOf(run, side),
        hasOtherRoute: () => Promise.resolve(hasOtherRoute),
      },
      { limits, backoff, now: now() },
    );
  }
}

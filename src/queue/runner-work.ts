import type { Side } from "../model/account.ts";
import type { StepOutcome, WaitingFor } from "../model/step-outcome.ts";
import type { Run, TakenStep } from "../model/run.ts";
import type { Consequences } from "../store/steps.ts";

/** An account that cannot be read just now, so that a run cannot end. */
export interface Unread {
  side: Side;
  waitingFor: Exclude<WaitingFor, "room">;
  /** How long its server asked to wait; `null` if it did not say. */
  waitMs: number | null;
}

/** What the runner needs to be given: what steps do, and what follows from them. */
export interface RunnerWork {
  /** Does one step. Only a bug throws. */
  execute(run: Run, step: TakenStep, signal: AbortSignal): Promise<StepOutcome>;
  /**
   * What follows from a try of a step; it is recorded in the same transaction. `isFinal` is false
   * if the step will be tried again.
   */
  consequencesOf(
    run: Run,
    step: TakenStep,
    outcome: StepOutcome,
    isFinal: boolean,
  ): Promise<Omit<Consequences, "limiters">>;
  /**
   * Whether the room of a step has another route, so that a step that fails for now is not tried
   * for hours.
   */
  hasOtherRoute(run: Run, step: TakenStep): Promise<boolean>;
  /** The name of the homeserver of a side. */
  serverOf(run: Run, side: Side): string;
  /**
   * Called when nothing is left that can run. It adds steps, or moves the run out of the state
   * `running`. Aborts at a stop.
   * @returns what has to be waited for first; then it is called again
   */
  settled(run: Run, signal: AbortSignal): Promise<Unread | null>;
  /** The run has changed in a way that people may see. */
  changed(run: Run): void;
}

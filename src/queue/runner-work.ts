import type { Side } from "../model/account.ts";
import type { Run, TakenStep } from "../model/run.ts";
import type { StepOutcome, WaitingFor } from "../model/step-outcome.ts";
import type { Consequences } from "../store/steps.ts";

/** An account that cannot be read at present, so that its run cannot end. */
export interface Unread {
  side: Side;
  waitingFor: Exclude<WaitingFor, "room">;
  /** The delay that its server asked for; `null` for none. */
  waitMs: number | null;
}

/** How the runner stops a step that is under way. */
export interface StepControl {
  /** Aborts its requests, when the process stops. */
  readonly signal: AbortSignal;
  /** False once the run takes no more steps. Then the step sends no further request. */
  readonly mayGoOn: () => boolean;
}

/** The work that the runner is given: what steps do, and what follows from them. */
export interface RunnerWork {
  /**
   * Does one step.
   * @throws only for bugs
   */
  execute(run: Run, step: TakenStep, control: StepControl): Promise<StepOutcome>;
  /**
   * What follows from a try of a step; stored in the same transaction. `isFinal` is false if the
   * step will be tried again.
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
   * Called when no step is left that can run. It adds steps, or moves the run out of the state
   * `running`. A stop aborts it.
   * @returns the account that must be waited for; then it is called again
   */
  settled(run: Run, signal: AbortSignal): Promise<Unread | null>;
  /** Called when the run has changed in a visible property. */
  changed(run: Run): void;
}

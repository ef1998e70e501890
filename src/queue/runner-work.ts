import type { Side } from "../model/account.ts";
import type { StepOutcome, WaitingFor } from "../model/step-outcome.ts";
import type { Run, TakenStep } from "../model/run.ts";
import type { Consequences } from "../store/steps.ts";

/** An account that could not be looked at just now, so that a run cannot end. */
export interface Unread {
  side: Side;
  waitingFor: Exclude<WaitingFor, "room">;
  /** What its server said; `null` where it did not. */
  waitMs: number | null;
}

/** What a run does is up to whoever gives it to the runner. */
export interface RunnerWork {
  /** Does one step; only a bug throws. */
  execute(run: Run, step: TakenStep, signal: AbortSignal): Promise<StepOutcome>;
  /**
   * What follows from a step that is finished, recorded with it. `isFinal` is false while it is to
   * be tried again.
   */
  consequencesOf(
    run: Run,
    step: TakenStep,
    outcome: StepOutcome,
    isFinal: boolean,
  ): Promise<Omit<Consequences, "limiters">>;
  /**
   * Whether a step that fails in passing has another way to fall back on, so that it is not tried
   * for hours.
   */
  hasOtherRoute(run: Run, step: TakenStep): Promise<boolean>;
  /** The name of the homeserver of a side. */
  serverOf(run: Run, side: Side): string;
  /**
   * Nothing is left that can run. It may add steps; otherwise it takes the run out of the state
   * `running`. Aborts at a stop.
   * @returns what has to be waited for first; then it is asked again
   */
  settled(run: Run, signal: AbortSignal): Promise<Unread | null>;
  /** Something changed that people may see. */
  changed(run: Run): void;
}

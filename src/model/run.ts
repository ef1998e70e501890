import { z } from "zod";
import { sides } from "./account.ts";
import type { ConversationAddress } from "./conversation-address.ts";
import type { RunState } from "./run-states.ts";
import type { StepOutcome, WaitingFor } from "./step-outcome.ts";
import { STEP_PROBLEM_CODES } from "./step-outcome.ts";
import type { PlannedStep } from "./step.ts";

/**
 * What a run was asked to do: the whole plan, a part of it, or taking back what earlier runs did.
 */
export const RUN_PURPOSES = ["move", "invitations", "joins", "profile", "undo"] as const;
export type RunPurpose = (typeof RUN_PURPOSES)[number];

export const stepProblemSchema = z.object({
  code: z.enum(STEP_PROBLEM_CODES),
  serverText: z.string().nullable(),
});

/** Why a run needs its owner, and since when, in milliseconds since the epoch. */
export const runProblemSchema = z.object({
  side: z.enum(sides),
  problem: stepProblemSchema,
  since: z.number(),
});
export type RunProblem = z.infer<typeof runProblemSchema>;

/** One run of a plan, as it is stored. */
export interface Run {
  id: number;
  owner: string;
  planNumber: number;
  purpose: RunPurpose;
  state: RunState;
  /** Steps of this stage and earlier ones may run. */
  stage: number;
  source: string;
  target: string;
  /** Where its owner is told of it. */
  address: ConversationAddress;
  /** What to plan again with (filters and the like), as JSON of the service. */
  request: unknown;
  startedAt: number;
  endedAt: number | null;
  isCancelled: boolean;
  /** The process ended in the middle, and another one goes on. */
  wasInterrupted: boolean;
  problem: RunProblem | null;
  /** How often the progress message was written. */
  progressCount: number;
}

/** `dropped`: it is not needed any more, since the step or the room it waited for did not come. */
export const STEP_STATES = ["pending", "taken", "done", "failed", "dropped"] as const;
export type StepState = (typeof STEP_STATES)[number];

/** A step that was taken to be tried. */
export interface TakenStep extends PlannedStep {
  id: number;
  runId: number;
  /** How often it was taken, this time included. */
  attempts: number;
  /** Tries that failed by its own fault, as far as anybody can tell. */
  failures: number;
  /**
   * What it takes to take back what earlier tries may have written; `null` where they wrote
   * nothing.
   */
  savedUndo: unknown;
}

/** A step as it stands. */
export interface StoredStep extends PlannedStep {
  state: StepState;
  attempts: number;
  /** Until when it waits, in the past if it need not. */
  notBefore: number;
  waitingFor: WaitingFor | null;
  outcome: StepOutcome | null;
  finishedAt: number | null;
  /**
   * What it takes to take back what it may have written, while the outcome does not say whether it
   * did; else `null`.
   */
  savedUndo: unknown;
}

/** How a try of a step is recorded. */
export type StepRecord =
  | { state: "done" | "failed"; outcome: StepOutcome }
  /**
   * Again at some time; `isCounted` is false for a try that says nothing of the step, as when the
   * server is away.
   */
  | {
      state: "pending";
      notBefore: number;
      waitingFor: WaitingFor | null;
      outcome: StepOutcome;
      isCounted: boolean;
    };

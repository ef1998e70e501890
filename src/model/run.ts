import { z } from "zod";
import { sides } from "./account.ts";
import type { ConversationAddress } from "./conversation-address.ts";
import type { PlatformName } from "./platform-name.ts";
import type { RunState } from "./run-states.ts";
import type { StepOutcome, StepWaitingFor } from "./step-outcome.ts";
import { STEP_PROBLEM_CODES } from "./step-outcome.ts";
import type { LimitName, PlannedStep } from "./step.ts";
import { storedFormat } from "./stored.ts";

/**
 * What a run does: the whole plan, a part of it, an undo of earlier runs, or contact with other
 * people (`ask` and the following ones).
 */
export const RUN_PURPOSES = [
  "move",
  "invitations",
  "joins",
  "profile",
  "undo",
  "ask",
  "knock",
  "direct_chats",
  "announce",
  "rename",
  "mentions",
  "leave",
] as const;
export type RunPurpose = (typeof RUN_PURPOSES)[number];

/** The schema of `StepProblem`. */
export const stepProblemSchema = z.object({
  code: z.enum(STEP_PROBLEM_CODES),
  serverText: z.string().nullable(),
  page: z.string().optional(),
});

/** Why a run needs its owner, and since when, in milliseconds since the epoch. */
export const runProblemSchema = z.object({
  side: z.enum(sides),
  problem: stepProblemSchema,
  since: z.number(),
});
export type RunProblem = z.infer<typeof runProblemSchema>;
/** How the problem of a run is stored. */
export const problemFormat = storedFormat({ version: 1, schema: runProblemSchema });

/** One run of a plan, as it is stored. */
export interface Run {
  id: number;
  owner: string;
  platform: PlatformName;
  planNumber: number;
  purpose: RunPurpose;
  state: RunState;
  /** Steps of this stage and earlier ones may run. */
  stage: number;
  source: string;
  target: string;
  /**
   * It goes on without a session of the source, by what files say. A run that began with a session
   * does not.
   */
  isFromFile: boolean;
  /** Where its owner is notified. */
  address: ConversationAddress;
  /**
   * The request of the plan (filters and so on), with which it can be made again; as JSON of the
   * service.
   */
  request: unknown;
  startedAt: number;
  endedAt: number | null;
  isCancelled: boolean;
  /** A process ended during the run, and another one has resumed it. */
  wasInterrupted: boolean;
  problem: RunProblem | null;
  /** How often the progress message was written. */
  progressCount: number;
  /** Counts the leases under which processes worked on the run. Writes of its steps name it. */
  epoch: number;
}

/** `dropped`: no longer needed, because the step or the room that it waited for failed. */
export const STEP_STATES = ["pending", "taken", "done", "failed", "dropped"] as const;
export type StepState = (typeof STEP_STATES)[number];

/** A step that is being tried. */
export interface TakenStep extends PlannedStep {
  id: number;
  runId: number;
  /** The epoch of the run under which it was taken. */
  epoch: number;
  /** How often it was taken, this time included. */
  attempts: number;
  /** The number of tries that failed because of the step itself, as far as is known. */
  failures: number;
  /**
   * The undo record of what earlier tries may have written; `null` if they wrote nothing.
   */
  savedUndo: unknown;
}

/** A step as it was planned, and its run. */
export interface StepOfRun extends PlannedStep {
  runId: number;
}

/** A step as it is stored. */
export interface StoredStep extends PlannedStep {
  state: StepState;
  attempts: number;
  /** The time until which it waits; a past time if it does not wait. */
  notBefore: number;
  waitingFor: StepWaitingFor | null;
  outcome: StepOutcome | null;
  finishedAt: number | null;
  /**
   * The undo record of what the step may have written, as long as its outcome does not decide that;
   * otherwise `null`.
   */
  savedUndo: unknown;
}

/** How a try of a step is recorded. */
export type StepRecord =
  | { state: "done" | "failed"; outcome: StepOutcome }
  /**
   * The step is tried again. `isCounted` is false for a try that proves nothing about the step, for
   * example while its server is away.
   */
  | {
      state: "pending";
      notBefore: number;
      waitingFor: StepWaitingFor | null;
      outcome: StepOutcome;
      isCounted: boolean;
      /** Those of its next request, if they change. */
      limits?: readonly LimitName[];
    };

import type { CategoryName } from "../model/categories.ts";
import type { ReportRoom } from "../model/report.ts";
import type { Route } from "../model/routes.ts";
import type { RunRoom } from "../model/run-room.ts";
import type { StoredStep } from "../model/run.ts";
import type { StepProblem } from "../model/step-outcome.ts";
import type { PlannedStep } from "../model/step.ts";

/** What a step can learn about its run, and what it leaves there. */
export interface StepFacts {
  /**
   * True if no request of this step can have reached a server and both accounts were read just
   * before. Then the step acts at once.
   */
  readonly canSkipCheck: boolean;
  /** Stores the step's undo record as JSON; the step awaits it before it writes. */
  readonly saveUndo: (undo: unknown) => Promise<void>;
  /** Rooms that the target is in now, as far as the run knows. */
  readonly joinedRooms: () => Promise<ReadonlySet<string>>;
  /** The run's room that the step is about; `null` if there is none. */
  readonly room: () => Promise<RunRoom | null>;
  /** The words that the people of a room read with a knock. */
  readonly knockReason: string;
  /** Aborts at a stop, never at a pause: a request under way is finished. */
  readonly signal: AbortSignal;
}

/** A run whose steps may be undone. */
export interface EarlierRun {
  id: number;
  steps: readonly StoredStep[];
}

/** What a run has done, in numbers, for `cancel` and for the end. */
export interface RunSummary {
  /**
   * Invitations sent, joins, knocks, power levels and everything else, by category; only what was
   * really written.
   */
  invitations: number;
  joins: number;
  knocks: number;
  written: readonly { category: CategoryName; count: number }[];
  /** Rooms that have an invitation which nobody took up yet. */
  openInvitations: readonly ReportRoom[];
}

/** A step that failed for good: what it was about, and the server's own words. */
export interface StepFailure {
  item: string;
  problem: StepProblem;
}

/** What an undo would take back, and what it cannot. */
export interface UndoFacts {
  /** Invitations that nobody took up: they are withdrawn. */
  invitations: readonly ReportRoom[];
  /** Rooms that the new account leaves again. */
  joins: readonly ReportRoom[];
  knocks: readonly ReportRoom[];
  /** Written settings, power levels among them, which get back what stood there before. */
  written: readonly { category: CategoryName; count: number }[];
  /**
   * Things that were written and cannot be taken back, such as read markers, which only move
   * forward.
   */
  lasting: readonly { category: CategoryName; count: number }[];
}

/** An undo of earlier runs. */
export interface PlannedUndo {
  /** Newest first; empty if nothing can be undone. */
  steps: readonly PlannedStep[];
  facts: UndoFacts;
}

/** What a platform says about stored runs, without a request. */
export interface PlatformRuns {
  /** The steps of one route into a room. */
  stepsInto(room: RunRoom, route: Route): PlannedStep[];
  summary(steps: readonly StoredStep[], rooms: readonly RunRoom[]): RunSummary;
  /**
   * The steps that failed for good.
   * @param hasReport whether a report lists the rooms with the reasons of refusals, so that they
   * are not repeated here
   */
  failures(steps: readonly StoredStep[], hasReport: boolean): StepFailure[];
  /**
   * @param runs all runs between the two accounts, oldest first
   * @param rooms of the runs, in their last version
   */
  undo(runs: readonly EarlierRun[], rooms: readonly RunRoom[]): PlannedUndo;
}

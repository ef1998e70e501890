import type { RunSummary, StepFailure, UndoFacts } from "../../platforms/runs.ts";
import type { PlanChange } from "../../model/plan-changes.ts";
import type { Account, Side } from "../../model/account.ts";
import type { Category } from "../../model/categories.ts";
import type { StepProblem, WaitingFor } from "../../model/step-outcome.ts";
import type { RunPurpose } from "../../model/run.ts";
import type { RunState } from "../../model/run-states.ts";
import type { LimitName } from "../../model/step.ts";
import type { NotMoved } from "../../model/not-moved.ts";
import type { Report, ReportRoom } from "../../model/report.ts";
import type { UnansweredAlias } from "../plan/planning.ts";
import type { AccountRefusal } from "../../platforms/sign-in.ts";

/** Rooms of a run by where they stand; together they are all rooms of its plan. */
export interface RoomCounts {
  /** The new account is in. */
  done: number;
  /** Still the bot's work. */
  open: number;
  needsModerator: number;
  needsYou: number;
  failed: number;
  /** Impossible, or left out by a filter. */
  skipped: number;
}

/** Something that steps wait for now. */
export interface RunWait {
  side: Side;
  /** Its server, by name. */
  serverName: string;
  waitingFor: WaitingFor;
  /** Which limit, where it is one. */
  limit: LimitName | null;
  /** When the first of the steps goes on, in milliseconds since the epoch; `null`: not known. */
  until: number | null;
  /** `0`: all are done, and the last look at both accounts waits. */
  steps: number;
}

/** Where a run stands, for `!migrate status` and the progress message. */
export interface RunStatus {
  /** Of its plan. */
  number: number;
  purpose: RunPurpose;
  state: RunState;
  source: string;
  target: string;
  startedAt: number;
  endedAt: number | null;
  isCancelled: boolean;
  rooms: RoomCounts;
  /** Of all kinds; `dormant` ones belong to rooms that wait for a person. */
  steps: { total: number; done: number; failed: number; dormant: number };
  waits: readonly RunWait[];
  /**
   * When everything that needs no person will be done, by the limits as they are known; `null` when
   * that cannot be said.
   */
  expectedEnd: number | null;
  /** Why it needs its owner, for `needs_you`. */
  problem: { side: Side; problem: StepProblem } | null;
  /** The bot was started anew in the middle and has gone on by itself. */
  wasInterrupted: boolean;
}

export type CannotRead =
  | { status: "not_signed_in"; missing: readonly Side[] }
  | { status: "not_read"; account: Account; refusal: AccountRefusal };

/** What is to be said of a run that begins. */
export interface Beginning {
  changes: readonly PlanChange[];
  /** Rooms that the old account is no longer in. */
  gone: readonly ReportRoom[];
  /** Nothing can be done before somebody lets the target in. */
  isOnlyWatch: boolean;
}

export type StartResult =
  | ({ status: "started"; run: RunStatus } & Beginning)
  /**
   * Everything that needs no person is done already, and the rooms that wait for one are watched.
   */
  | { status: "nothing_to_do"; report: Report; changes: readonly PlanChange[]; gone: readonly ReportRoom[] }
  | { status: "no_plan" }
  /** The plan is for two other accounts than those signed in now. */
  | { status: "other_accounts"; planned: { source: string; target: string } }
  /** One goes on already, or is paused. */
  | { status: "already"; run: RunStatus }
  | { status: "unknown_rooms"; rooms: readonly string[] }
  | UnansweredAlias
  | CannotRead;

/** `isIdle`: no request is left whose answer has not come. */
export type PauseResult =
  { status: "paused"; run: RunStatus; isIdle: boolean } | { status: "not_running"; run: RunStatus | null };
export type ResumeResult =
  { status: "resumed"; run: RunStatus } | { status: "not_paused"; run: RunStatus | null };

/** `isIdle` as with `PauseResult`; where it is not, something may be done that is not counted. */
export type CancelResult =
  { status: "cancelled"; run: RunStatus; summary: RunSummary; isIdle: boolean } | { status: "no_run" };

/** The end of a run, told in a message that notifies. */
export interface RunEnd {
  run: RunStatus;
  report: Report;
  moreHelpers: ReadonlyMap<string, number>;
  summary: RunSummary;
  notMoved: readonly NotMoved[];
  failures: readonly StepFailure[];
}

export type VerifyResult =
  | {
      status: "verified";
      report: Report;
      moreHelpers: ReadonlyMap<string, number>;
      categories: readonly Category[];
      notMoved: readonly NotMoved[];
    }
  | { status: "no_plan" }
  | CannotRead;

/** What an undo would take back, and what it cannot. */
export interface UndoPreview extends UndoFacts {
  status: "possible";
}

export type UndoPreviewResult =
  UndoPreview | { status: "nothing_to_undo" } | { status: "already"; run: RunStatus } | CannotRead;

/** A room that came in after the run: "3 of 5 let you in". */
export interface RoomLetIn {
  room: ReportRoom;
  /**
   * Rooms that waited for a person when the run ended, and those of them that the new account is in
   * now.
   */
  waited: number;
  letIn: number;
  /** Nothing waits for a person any more. */
  isLast: boolean;
}

/** `!converttodm` and `!converttoroom`. */
export type ConvertResult =
  | { status: "converted"; roomId: string; name: string | null; partner: string | null }
  | { status: "unchanged"; roomId: string; name: string | null; partner: string | null }
  | { status: "not_in_room"; room: string }
  /** Nobody else is in the room, so there is nobody to have a direct chat with. */
  | { status: "no_partner"; roomId: string }
  | UnansweredAlias
  | CannotRead;

import type { Side } from "../../model/account.ts";
import type { Category } from "../../model/categories.ts";
import type { OpenedChat } from "../../model/contact.ts";
import type { NotMoved } from "../../model/not-moved.ts";
import type { PlanChange } from "../../model/plan-changes.ts";
import type { Report, ReportRoom } from "../../model/report.ts";
import type { RunState } from "../../model/run-states.ts";
import type { RunPurpose } from "../../model/run.ts";
import type { StepProblem, StepWaitingFor } from "../../model/step-outcome.ts";
import type { LimitName } from "../../model/step.ts";
import type { RunSummary, StepFailure, UndoFacts } from "../../platforms/runs.ts";
import type { CannotDecide, FilesInstead, OldServerAnswers, UnansweredAlias } from "../plan/results.ts";
import type { KeptCause, KeptKind } from "./kept-request.ts";

/** The rooms of a run by status. Together they are all rooms of its plan. */
export interface RoomCounts {
  /** The new account has joined. */
  done: number;
  /** The bot still has work to do. */
  open: number;
  needsModerator: number;
  needsYou: number;
  failed: number;
  /** Impossible, or left out by a filter. */
  skipped: number;
}

/** A cause for which steps wait now. */
export interface RunWait {
  side: Side;
  /** The name of its server. */
  serverName: string;
  waitingFor: StepWaitingFor;
  /** The limit, if the steps wait for one. */
  limit: LimitName | null;
  /** When the first of the steps continues, in milliseconds since the epoch; `null`: unknown. */
  until: number | null;
  /** `0`: all are done, and only the final check of both accounts waits. */
  steps: number;
}

/** What became of the files of a run: erased, or the operator allows no moves by files any more. */
export type FilesGone = "lost" | "switched_off";

/** The status of a run, for `!migrate status` and the progress message. */
export interface RunStatus {
  /** The number of its plan. */
  number: number;
  purpose: RunPurpose;
  state: RunState;
  source: string;
  target: string;
  /** Nobody had signed in the old account when the run began: files say what it had. */
  isFromFile?: true;
  /** The server of such an account answers again. */
  isOldServerBack?: true;
  startedAt: number;
  endedAt: number | null;
  isCancelled: boolean;
  rooms: RoomCounts;
  /** The steps of all kinds. `dormant` ones belong to rooms that wait for a person. */
  steps: { total: number; done: number; failed: number; dormant: number };
  /** It begins when a server has answered the last request of the run before. */
  isHeldBack: boolean;
  waits: readonly RunWait[];
  /**
   * When everything will be done that needs no help from people, by the known limits; `null` if
   * unknown.
   */
  expectedEnd: number | null;
  /** Why the run needs its owner, for `needs_you`. */
  problem: { side: Side; problem: StepProblem } | null;
  /** The problem is that nothing stands in for the old account of a run by files. */
  filesGone?: FilesGone;
  /** The bot was restarted during the run and has resumed it. */
  wasInterrupted: boolean;
}

/** What a person is informed of when a run begins. */
export interface Beginning {
  changes: readonly PlanChange[];
  /** Rooms that the old account is no longer in. */
  gone: readonly ReportRoom[];
  /** Nothing can be done until somebody lets the target in. */
  isOnlyWatch: boolean;
  /** A kept request that is not tried again, because this one has taken its place. */
  replaced?: KeptKind;
}

/** A server did not answer, so the request is kept and tried again by itself. */
export interface KeptResult {
  status: "kept";
  kind: KeptKind;
  cause: KeptCause;
  /** When it is tried again, in milliseconds since the epoch. */
  triedAt: number;
  /** An earlier request that is not tried again, because a person has one at a time. */
  replaced?: KeptKind;
  /** As in `CannotDecide`. */
  files?: FilesInstead;
}

/** A kept request was tried for days and is not tried again. */
export interface GivenUp {
  status: "given_up";
  cause: KeptCause;
  /** As in `CannotDecide`. */
  files?: FilesInstead;
}

export type StartResult =
  | ({ status: "started"; run: RunStatus } & Beginning)
  /**
   * Everything that needs no help from people is already done. The rooms that wait for a person are
   * watched.
   */
  | { status: "nothing_to_do"; report: Report; changes: readonly PlanChange[]; gone: readonly ReportRoom[] }
  | { status: "no_plan" }
  /** A kept start was for an earlier plan, which left out other rooms or kinds of things. */
  | { status: "other_plan" }
  /** The plan is for other accounts than those signed in now. */
  | { status: "other_accounts"; planned: { source: string; target: string } }
  /** A run is already active or paused. */
  | { status: "already"; run: RunStatus }
  | { status: "unknown_rooms"; rooms: readonly string[] }
  /** Another command of the person stopped it before it began. */
  | { status: "stopped" }
  | UnansweredAlias
  | OldServerAnswers
  | KeptResult
  | GivenUp
  | CannotDecide;

/** A kept request was ended, and no run was active. */
export interface KeptEnded {
  status: "kept_ended";
  kind: KeptKind;
}

/**
 * `others`: further runs that were paused, here and below. `isIdle`: no request is without its
 * answer. `ended`: a kept request that was ended as well.
 */
export type PauseResult =
  | { status: "paused"; run: RunStatus; others: readonly RunStatus[]; isIdle: boolean; ended?: KeptKind }
  | { status: "not_running"; run: RunStatus | null }
  | KeptEnded;
export type ResumeResult =
  | { status: "resumed"; run: RunStatus; others: readonly RunStatus[] }
  | { status: "not_paused"; run: RunStatus | null }
  /** No run was paused, and a kept request is tried at once. */
  | { status: "kept_tried"; kind: KeptKind };

/** A run that was cancelled, and what it did before. */
export interface CancelledRun {
  run: RunStatus;
  summary: RunSummary;
}

/**
 * `isIdle` and `ended` as in `PauseResult`. If `isIdle` is false, a request may take effect that is
 * not counted.
 */
export type CancelResult =
  | (CancelledRun & {
      status: "cancelled";
      others: readonly CancelledRun[];
      isIdle: boolean;
      ended?: KeptKind;
    })
  | { status: "no_run" }
  | KeptEnded;

/** The end of a run, for a message that notifies. */
export interface RunEnd {
  run: RunStatus;
  report: Report;
  moreHelpers: ReadonlyMap<string, number>;
  summary: RunSummary;
  notMoved: readonly NotMoved[];
  /** Rooms in which the old server does not show the new account, though it has joined. */
  unseen: readonly ReportRoom[];
  failures: readonly StepFailure[];
}

export type VerifyResult =
  | {
      status: "verified";
      report: Report;
      moreHelpers: ReadonlyMap<string, number>;
      categories: readonly Category[];
      notMoved: readonly NotMoved[];
      /** As in `RunEnd`. */
      unseen: readonly ReportRoom[];
    }
  | { status: "no_plan" }
  | KeptResult
  | GivenUp
  | CannotDecide;

/** The effects of an undo, and what it cannot undo. */
export interface UndoPreview extends UndoFacts {
  status: "possible";
  /** Whether something is undone besides the rooms that would miss the new account. */
  canUndoRest: boolean;
  /** A digest of everything that is undone and of the rooms that stay. */
  shown: string;
}

/** `preview`: it is no longer what the person has confirmed, so nothing was done. */
export type UndoResult = StartResult | { status: "changed"; preview: UndoPreview };

export type UndoPreviewResult =
  | UndoPreview
  | { status: "nothing_to_undo" }
  | { status: "already"; run: RunStatus }
  | { status: "stopped" }
  | KeptResult
  | GivenUp
  | CannotDecide;

/** A room that the new account joined after the run: "3 of 5 let you in". */
export interface RoomLetIn {
  room: ReportRoom;
  /**
   * The number of rooms that waited for a person when the run ended, and the number of them that
   * the new account has joined since.
   */
  waited: number;
  letIn: number;
  /** No room waits for a person any more. */
  isLast: boolean;
}

/** A chat that the bot opened, and that its partner has declined or left. */
export interface LeftChat {
  roomId: string;
  partner: string;
  purpose: OpenedChat["purpose"];
  /** The rooms about which the partner was asked there. */
  rooms: readonly ReportRoom[];
}

/** `!converttodm` and `!converttoroom`. */
export type ConvertResult =
  | { status: "converted"; roomId: string; name: string | null; partner: string | null }
  | { status: "unchanged"; roomId: string; name: string | null; partner: string | null }
  | { status: "not_in_room"; room: string }
  /** Nobody else is in the room, so there is no partner for a direct chat. */
  | { status: "no_partner"; roomId: string }
  | UnansweredAlias
  | CannotDecide;

import type { CategoryName } from "../model/categories.ts";
import type {
  AskWay,
  ChatReservation,
  ContactChange,
  ContactRecords,
  GivenName,
  OpenedChat,
  PlannedContact,
} from "../model/contact.ts";
import type { ReportRoom } from "../model/report.ts";
import type { Route } from "../model/routes.ts";
import type { RunRoom } from "../model/run-room.ts";
import type { StepOfRun, StoredStep } from "../model/run.ts";
import type { RoomsOfUndo, StayReason, StayReasons } from "../model/stay-reason.ts";
import type { StepOutcome, StepProblem } from "../model/step-outcome.ts";
import type { PlannedStep } from "../model/step.ts";

/** Where the target's server has copies of the source's images. All steps of a run share them. */
export interface ImageCopies {
  /** @returns the address of the copy; `null` for none */
  get(url: string): Promise<string | null>;
  put(url: string, copy: string): Promise<void>;
}

/** The facts about a run that a step reads, and the undo record that it stores. */
export interface StepFacts {
  /**
   * True if no request of this step can have reached a server and both accounts were read just
   * before. Then the step acts at once.
   */
  readonly canSkipCheck: boolean;
  /** Stores the step's undo record as JSON. The step awaits it before it writes. */
  readonly saveUndo: (undo: unknown) => Promise<void>;
  readonly imageCopies: ImageCopies;
  /** The rooms that the target has joined, as far as the run knows. */
  readonly joinedRooms: () => Promise<ReadonlySet<string>>;
  /** The run's room that the step is about; `null` if there is none. */
  readonly room: () => Promise<RunRoom | null>;
  /**
   * Counts a new chat with a partner for the daily limit, before anything of it is sent. The step
   * waits while the day is full. It may be called again.
   */
  readonly reserveChat: (chat: Pick<OpenedChat, "partner" | "purpose">) => Promise<ChatReservation>;
  /** The reason that the people of a room read with a knock. */
  readonly knockReason: string;
  /** Earlier contact between the two accounts and other people. */
  readonly records: () => Promise<ContactRecords>;
  /** Aborts at a stop, never at a pause: a request under way is finished. */
  readonly signal: AbortSignal;
  /** False once the run was paused or ended. Then the step sends no further request. */
  readonly mayGoOn: () => boolean;
  /**
   * The run has ended before the step. A new chat whose partner is not invited is left, and nobody
   * is invited any more. Other kinds of steps are not run.
   */
  readonly isEnding?: boolean;
}

/** A run whose steps may be undone. */
export interface EarlierRun {
  id: number;
  steps: readonly StoredStep[];
}

/**
 * The result of a run in numbers, for `cancel` and for the end. Only real writes count.
 */
export interface RunSummary {
  /** Rooms to which an invitation was sent. */
  invitations: number;
  joins: number;
  knocks: number;
  /** Everything else, power levels included. */
  written: readonly { category: CategoryName; count: number }[];
  /** Rooms with an invitation that nobody has accepted yet. */
  openInvitations: readonly ReportRoom[];
  leaving: LeavingSummary;
  /** Questions to helpers that were sent, or could not be. */
  questions: readonly QuestionDeed[];
  /** The direct chats that the new account has opened, or not. */
  chats: readonly ChatDeed[];
  /** The rooms that an announcement has reached, or not. */
  told: readonly RoomDeed[];
  /** The names of the old account that were given or brought back, or not. */
  names: readonly NameDeed[];
  /** Whether mentions of the old account now reach the new one, if the run has seen to that. */
  mentions?: "on" | "off";
}

/** The rooms that the old account left, and those in which it stayed. */
export interface LeavingSummary {
  readonly left: number;
  readonly stayed: readonly {
    readonly room: Pick<ReportRoom, "roomId" | "name" | "alias">;
    readonly problem: StepProblem;
  }[];
}

/** One question to a helper. */
export interface QuestionDeed {
  /** The helper, then those who were mentioned besides. */
  readonly userIds: readonly string[];
  readonly way: AskWay;
  /** The number of rooms that it is about. */
  readonly rooms: number;
  /** `not_needed`: somebody had let the target in before. Otherwise why it was not sent. */
  readonly result: "sent" | "not_needed" | StepProblem["code"];
}

/** A direct chat of the new account. */
export interface ChatDeed {
  /** The other person. */
  readonly userId: string;
  /** Why it was not opened; `null`: it was. */
  readonly problem: StepProblem | null;
}

/** What was done in a room. */
export interface RoomDeed {
  readonly roomId: string;
  /** The room's name when it was planned. */
  readonly name: string | null;
  /** Why it was not done; `null`: it was. */
  readonly problem: StepProblem | null;
}

/** A name in a room; `roomId` is `null` for the account's own name. */
export type NameDeed = Omit<RoomDeed, "roomId"> & Readonly<{ roomId: string | null }>;

/** A step that finally failed: its subject, and the server's own text. */
export interface StepFailure {
  item: string;
  problem: StepProblem;
}

/** The effects of an undo, and what it cannot undo. */
export interface UndoFacts {
  /** Invitations that nobody accepted. They are withdrawn. */
  invitations: readonly ReportRoom[];
  /** Rooms that the new account leaves again. */
  joins: readonly ReportRoom[];
  knocks: readonly ReportRoom[];
  /** The old account gets its former name back, everywhere or in this number of rooms. */
  renamed: { readonly isEverywhere: boolean; readonly rooms: number };
  /** The new account forgets the rule for mentions of the old one. */
  hasMentionRule: boolean;
  /**
   * Rooms that the new account does not leave, or in which it keeps its power, unless the person
   * confirms that it leaves anyway.
   */
  kept: readonly { room: ReportRoom; reason: StayReason }[];
  /** Written settings, including power levels, that get their earlier values back. */
  written: readonly { category: CategoryName; count: number }[];
  /** Written items that cannot be undone, such as read markers, which only move forward. */
  lasting: readonly { category: CategoryName; count: number }[];
  /** What reached other people and stays. */
  lastingContact: { readonly messages: number; readonly chats: number; readonly left: number };
}

/** How an undo treats rooms that would miss the new account. */
export interface UndoChoice {
  stayReasons: StayReasons;
  /** The person has confirmed that the new account leaves them anyway. */
  leavesAnyway: boolean;
}

/** An undo of earlier runs. */
export interface PlannedUndo {
  /** Newest first; empty if nothing can be undone. */
  steps: readonly PlannedStep[];
  facts: UndoFacts;
}

/** What follows from the final outcome of a step, besides what becomes of its room. */
export interface FollowUp {
  /** What changes in the records of contact. */
  readonly contact: readonly ContactChange[];
  /** New steps, for example to ask the next helper if one takes no invitation. */
  readonly steps: readonly PlannedStep[];
}

/** The answers of a platform about stored runs. They need no request. */
export interface PlatformRuns {
  /** The steps of one route into a room. */
  stepsInto(room: RunRoom, route: Route): PlannedStep[];
  /** What follows from the final outcome of a step that reaches other people or leaves rooms. */
  followUp(step: Pick<PlannedStep, "kind" | "side" | "payload">, outcome: StepOutcome): FollowUp;
  summary(steps: readonly StoredStep[], rooms: readonly RunRoom[]): RunSummary;
  /**
   * The steps that finally failed.
   * @param hasReport whether a report lists the rooms with the reasons of refusals, so that they
   * are not repeated here
   */
  failures(steps: readonly StoredStep[], hasReport: boolean): StepFailure[];
  /**
   * @param runs all runs between the two accounts, oldest first
   * @param rooms of the runs, in their last version
   */
  undo(runs: readonly EarlierRun[], rooms: readonly RunRoom[], choice: UndoChoice): PlannedUndo;
  roomsOfUndo(runs: readonly EarlierRun[]): RoomsOfUndo;
  /**
   * The names that steps give to the old account, newest first. The rooms of a step come before its
   * account.
   * @param steps of the kinds in `RENAME_STEP_KINDS`, oldest first
   */
  givenNames(steps: readonly StepOfRun[]): GivenName[];
  /** @param steps of the kinds in `CHAT_STEP_KINDS` that have not ended */
  plannedContact(steps: readonly Pick<StepOfRun, "kind" | "payload">[]): PlannedContact;
}

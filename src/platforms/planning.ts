import type { CategoryName } from "../model/categories.ts";
import type { PlanFilters } from "../model/filters.ts";
import type { NotMoved } from "../model/not-moved.ts";
import type { RemainingWork } from "../model/remaining-work.ts";
import type { Report } from "../model/report.ts";
import type { RouteRefusal, RunRoom } from "../model/run-room.ts";
import type { StoredStep } from "../model/run.ts";
import type { PlannedStep } from "../model/step.ts";
import type { TimeEstimate } from "../model/time-estimate.ts";
import type { ReadProgress } from "./reading.ts";

/** What earlier runs and messages left in the store about the rooms of two accounts. */
export interface KnownRooms {
  /** Rooms in which the bot has spoken with the person. */
  readonly spokenIn: readonly string[];
  /** Routes that servers refused, by room. */
  readonly refusals: ReadonlyMap<string, readonly RouteRefusal[]>;
}

/** What is to be decided about two accounts. */
export interface DecisionRequest {
  readonly filters: PlanFilters;
  /**
   * What a person has just typed for rooms, the words of the filters included; aliases among them
   * are looked up. Empty: no alias is looked up.
   */
  readonly words: readonly string[];
  readonly botUserId: string;
  /** Rooms in which the person talks with the bot. */
  readonly botRoomIds: readonly string[];
  readonly onProgress: (progress: ReadProgress) => void;
  /** Called once both accounts are read: messages are sent and runs go on meanwhile. */
  readonly knownRooms: () => Promise<KnownRooms>;
}

/** A plan as people see it. */
export interface PlanFacts {
  report: Report;
  /** Helpers beyond those in the report, by room. */
  moreHelpers: ReadonlyMap<string, number>;
  /** Servers to join each room through. */
  via: ReadonlyMap<string, readonly string[]>;
  work: RemainingWork;
  estimate: TimeEstimate;
  notMoved: readonly NotMoved[];
  /** Words of the filters that name no room of the source. */
  unknownRooms: readonly string[];
  isInviteBlocked: boolean;
  bannedRooms: number;
}

/** What a run consists of. */
export interface RunContents {
  rooms: readonly RunRoom[];
  steps: readonly PlannedStep[];
}

/** The categories that a filter lets pass; `null`: all. */
export interface ChosenCategories {
  filters: { categories: readonly CategoryName[] | null };
}

/** The steps that a run has tried, by their keys. */
export type Tried = ReadonlyMap<string, Pick<StoredStep, "state" | "finishedAt">>;

/** What is decided about two accounts as they were just read, and the steps that follow from it. */
export interface Decision {
  readonly plan: PlanFacts;
  /** The source's rooms by aliases that were typed. */
  readonly aliases: ReadonlyMap<string, string>;
  /** The filters of the request, with room IDs in place of aliases. */
  readonly filters: PlanFilters;
  /** How each account was read, for the log. */
  readonly methods: readonly string[];
  /** Rooms in the order of their dependencies, power levels, and everything else. */
  wholePlan(request: ChosenCategories): RunContents;
  /**
   * Invitations or joins alone. Rooms that are named are tried whatever the plan says about them.
   * The server has the last word.
   */
  someRooms(part: { purpose: "invitations" | "joins"; named: readonly string[] }): RunContents;
  /** The profile alone. */
  profileSteps(): readonly PlannedStep[];
  /** The words that name no room of the plan. */
  unknownRooms(named: readonly string[]): readonly string[];
  /**
   * What is left of a run: its rooms as they are now, steps that are missing and were not tried,
   * and whole lists that were written before a room came in.
   * @param before the rooms as stored
   */
  remaining(run: { before: readonly RunRoom[]; tried: Tried }, request: ChosenCategories): RunContents;
}

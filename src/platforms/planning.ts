import type { CategoryName } from "../model/categories.ts";
import type { GivenName, OpenedChat } from "../model/contact.ts";
import type { PlanFilters } from "../model/filters.ts";
import type { UnusableKeys } from "../model/key-backup.ts";
import type { NotMoved } from "../model/not-moved.ts";
import type { RemainingWork } from "../model/remaining-work.ts";
import type { Report, ReportRoom } from "../model/report.ts";
import type { ImportedAccount } from "../model/room-file.ts";
import type { RoomHistory } from "../model/room-history.ts";
import type { RunRoom } from "../model/run-room.ts";
import type { StoredStep } from "../model/run.ts";
import type { PlannedStep } from "../model/step.ts";
import type { TimeEstimate } from "../model/time-estimate.ts";
import type { ContactDecisions } from "./contact.ts";
import type { FinishFacts } from "./finish.ts";
import type { ReadProgress } from "./reading.ts";

/**
 * The facts about the rooms of two accounts that earlier runs, copies of keys and messages left in
 * the store.
 */
export interface KnownRooms {
  /** Rooms in which the bot has spoken with the person. */
  readonly spokenIn: readonly string[];
  /** The traces of earlier runs, by room. */
  readonly histories: ReadonlyMap<string, RoomHistory>;
  /** Those that the last copy of keys found; `null`: no keys were copied. */
  readonly unusableKeys: UnusableKeys | null;
  /** Chats that the bot opened for the person. They are no part of a move. */
  readonly openedChats: readonly OpenedChat[];
  /**
   * The names that the bot gave to the old account, newest first. The rooms of a step come
   * before its account.
   */
  readonly givenNames: readonly GivenName[];
}

/** The request of a decision about two accounts. */
export interface DecisionRequest {
  readonly filters: PlanFilters;
  /**
   * Words with which a person has just named rooms, including those in filters. Aliases among them
   * are resolved. Empty: no alias is resolved.
   */
  readonly words: readonly string[];
  /** Keys are not compared, because nothing that follows depends on them. */
  readonly isWithoutKeys?: boolean;
  /**
   * Rooms that only files describe are looked at anew. Otherwise looks of the last minutes count.
   */
  readonly looksAnew?: boolean;
  /**
   * What files say about the old account; `null`: the person imported none. It takes the place of a
   * reading of the old account if nobody has signed that in.
   */
  readonly imported: ImportedAccount | null;
  readonly botUserId: string;
  /** Rooms in which the person talks with the bot. */
  readonly botRoomIds: readonly string[];
  readonly onProgress: (progress: ReadProgress) => void;
  /** Called when both accounts have been read, because messages and runs continue meanwhile. */
  readonly knownRooms: () => Promise<KnownRooms>;
}

/** What a plan tells if nobody has signed in the old account, and files say what it had. */
export interface PlanByFiles {
  /** When the newest file of rooms was written, in milliseconds since the epoch. */
  readonly writtenAt: number;
  readonly oldServer: string;
  /** The IDs of rooms about which no server says anything. The run tries to join each once. */
  readonly tried: readonly string[];
  /** Rooms in which the old account had power that the new one will not get. */
  readonly lostPower: number;
  /** Direct chats whose partner's server is gone too. */
  readonly lostChats: number;
  /** Whether there is a file of settings. */
  readonly hasData: boolean;
}

/** What has changed between a file that the person imported and the old account as it is now. */
export interface SinceFiles {
  /** When the newest file of rooms was written, in milliseconds since the epoch. */
  readonly writtenAt: number;
  /** Rooms that the old account is in and no file has. */
  readonly entered: readonly Pick<ReportRoom, "roomId" | "name" | "alias">[];
  /** Rooms of the files that the old account is not in any more. */
  readonly left: readonly Pick<ReportRoom, "roomId" | "name" | "alias">[];
}

/** The visible facts of a plan. */
export interface PlanFacts {
  report: Report;
  /** Helpers beyond those in the report, by room. */
  moreHelpers: ReadonlyMap<string, number>;
  /** Servers to join each room through. */
  via: ReadonlyMap<string, readonly string[]>;
  work: RemainingWork;
  estimate: TimeEstimate;
  notMoved: readonly NotMoved[];
  /** Rooms in which the source's server does not show the target, though it has joined. */
  unseen: readonly ReportRoom[];
  /**
   * Whether the two servers show a room differently. A recent change may not have reached both yet.
   */
  isSpreading: boolean;
  /** Words of the filters that match no room of the source. */
  unknownRooms: readonly string[];
  isInviteBlocked: boolean;
  bannedRooms: number;
  /** `null`: the source is signed in. */
  byFiles: PlanByFiles | null;
  /** `null`: the person imported no file of the source, or it is not signed in. */
  sinceFiles: SinceFiles | null;
}

/** The rooms and steps of a new run. */
export interface RunContents {
  rooms: readonly RunRoom[];
  steps: readonly PlannedStep[];
}

/** What is left of a run. `again`: steps that were done, and must be done again. */
export interface RemainingContents extends RunContents {
  again: readonly PlannedStep[];
}

/** The categories that a filter lets pass; `null`: all. */
export interface ChosenCategories {
  filters: { categories: readonly CategoryName[] | null };
}

/** The steps that a run has tried, by their keys. */
export type TriedSteps = ReadonlyMap<string, Pick<StoredStep, "kind" | "payload" | "state" | "finishedAt">>;

/** The decision about two accounts as they were just read, and the steps that follow from it. */
export interface Decision extends ContactDecisions {
  readonly plan: PlanFacts;
  /** The room IDs of chats that the bot opened and their partners have declined or left since. */
  readonly leftChats: readonly string[];
  /** The source's rooms by the typed aliases. */
  readonly aliases: ReadonlyMap<string, string>;
  /** The filters of the request, with room IDs in place of aliases. */
  readonly filters: PlanFilters;
  /** How each account was read, for the log. */
  readonly methods: readonly string[];
  /**
   * The steps of a whole plan: rooms in the order of their dependencies, power levels, and all
   * other categories.
   */
  wholePlan(request: ChosenCategories): RunContents;
  /**
   * The steps of invitations or joins alone. Named rooms are tried whatever the plan says about
   * them. The server decides.
   */
  someRooms(part: { purpose: "invitations" | "joins"; named: readonly string[] }): RunContents;
  /** What the end of a move needs besides the comparison. */
  finish(): FinishFacts;
  /** The steps of the profile alone. */
  profileSteps(): readonly PlannedStep[];
  /** The words that match no room of the plan. */
  unknownRooms(named: readonly string[]): readonly string[];
  /**
   * The remaining work of a run: its rooms as they are now, missing steps that were not tried,
   * additions to lists that were written before a room was joined, and routes that are open again.
   * Once the run has ended, only what is about rooms that came in since.
   */
  remaining(run: RunSoFar, request: ChosenCategories): RemainingContents;
  /**
   * The rooms of a run that asked people to let the target in, as they are now, and the steps into
   * those that have opened. Nobody is asked again by itself.
   */
  opened(run: RunSoFar): Omit<RemainingContents, "steps">;
}

/** A run whose accounts were read again. */
export interface RunSoFar {
  /** The rooms as stored. */
  readonly before: readonly RunRoom[];
  readonly tried: TriedSteps;
  /** When the run first ended; `null` while it has not. */
  readonly endedAt: number | null;
}

import type { AccountProblemCode } from "../model/account-problem.ts";
import type { Account, MovedAccounts, Side } from "../model/account.ts";
import type { PlatformName } from "../model/platform-name.ts";
import type { RateLimits } from "../model/rate-limits.ts";
import type { RoomList, RoomListFilters } from "../model/room-list.ts";
import type { AccessChanges } from "../model/room-routes.ts";
import type { RunRoom } from "../model/run-room.ts";
import type { TakenStep } from "../model/run.ts";
import type { RoomsOfUndo, StayReasons } from "../model/stay-reason.ts";
import type { StepOutcome } from "../model/step-outcome.ts";
import type { PlatformFiles } from "./files.ts";
import type { PlatformFinish } from "./finish.ts";
import type { PlatformKeys } from "./keys.ts";
import type { Decision, DecisionRequest } from "./planning.ts";
import type { ReadProgress } from "./reading.ts";
import type { PlatformRuns, StepFacts } from "./runs.ts";
import type { PlatformSignIn } from "./sign-in.ts";

/** A direct chat that the bot opened, whose partner may still decline it. */
export interface WatchedChat {
  readonly roomId: string;
  readonly partner: string;
  /** The side that opened it. */
  readonly side: Side;
}

/** Rooms that wait for a person. */
export interface WatchRequest {
  readonly rooms: readonly RunRoom[];
  /** They are looked at along with the rooms. */
  readonly chats: readonly WatchedChat[];
  /** Whether the target has joined a room. */
  readonly isJoined: (roomId: string) => boolean;
  /** The sides that are asked. The others are away and not asked now. */
  readonly asked: ReadonlySet<Side>;
  /**
   * Whether rooms that need requests of their own are read too, and how often that was done before;
   * `null`: not at this look.
   */
  readonly readsRooms: number | null;
  readonly signal: AbortSignal;
}

/** How one side answered a look. `refused`: only the owner of the account can solve the problem. */
export type SideSeen =
  | { readonly status: "answered" | "away" | "not_asked" }
  | { readonly status: "refused"; readonly code: AccountProblemCode };

/** The result of a look. One side is enough for it. */
export interface LookResult {
  readonly changes: AccessChanges;
  /** The room IDs of chats that their partners have declined or left. */
  readonly leftChats: readonly string[];
  readonly sides: Readonly<Record<Side, SideSeen>>;
}

/** The two accounts of a person. No request is sent before one of these methods is called. */
export interface AccountPair {
  /**
   * Reads both accounts and decides about them. It writes nothing, and does not consume anything
   * that a client of theirs waits for.
   * @throws UnreadableAccountError, UnansweredAliasError
   */
  decide(request: DecisionRequest): Promise<Decision>;
  /**
   * The rooms among these that the target should not leave unasked. Only reads.
   * @throws UnreadableAccountError if the target cannot be read
   */
  stayReasons(rooms: RoomsOfUndo): Promise<StayReasons>;
  /** Runs one step, or undoes one. @throws only for bugs */
  runStep(step: TakenStep, facts: StepFacts): Promise<StepOutcome>;
  /**
   * Checks once whether the target can enter rooms that wait for a person. Only reads. A source
   * that is known from files is not asked.
   * @throws only for bugs
   */
  watch(request: WatchRequest): Promise<LookResult>;
}

/** A room that becomes a direct chat, or an ordinary room again. */
export interface RoomConversion {
  /** Its ID or an alias. */
  readonly room: string;
  /** The person with whom the room is to be a direct chat; `null`: chosen by the members. */
  readonly partner: string | null;
  readonly toDirect: boolean;
  /** Accounts that cannot be the partner: both accounts of the person, and known bots. */
  readonly excluded: readonly string[];
}

export type RoomConverted =
  | { status: "converted" | "unchanged"; roomId: string; partner: string | null }
  /** Nobody but the excluded accounts was ever in the room. */
  | { status: "no_partner"; roomId: string }
  /** The account has not joined the room, or the room does not exist. */
  | { status: "not_in_room" };

/** What a platform provides to the layers above it. They know platforms only by this interface. */
export interface Platform {
  readonly name: PlatformName;
  readonly signIn: PlatformSignIn;
  /** The default limits of its servers. The queue paces requests by them. */
  readonly rateLimits: RateLimits;
  readonly runs: PlatformRuns;
  readonly keys: PlatformKeys;
  readonly finish: PlatformFinish;
  readonly files: PlatformFiles;
  /** The server of an account; empty for a text that is not a user ID of the platform. */
  serverName(userId: string): string;
  /** @param signal aborts the reading for a decision */
  pair(accounts: MovedAccounts, signal?: AbortSignal): AccountPair;
  /**
   * Reads an account and lists its rooms.
   * @throws UnreadableAccountError, UnansweredAliasError
   */
  listRooms(
    account: Account,
    filters: RoomListFilters,
    onProgress: (progress: ReadProgress) => void,
  ): Promise<RoomList>;
  /**
   * Makes a room of an account a direct chat or an ordinary room.
   * @throws UnreadableAccountError, UnansweredAliasError
   */
  convertRoom(account: Account, conversion: RoomConversion): Promise<RoomConverted>;
}

/**
 * All platforms, by their names in stored rows.
 * @typeParam Part the members that are needed of each
 */
export type Platforms<Part extends keyof Platform = keyof Platform> = Readonly<
  Record<PlatformName, Pick<Platform, Part>>
>;

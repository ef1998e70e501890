import type { JsonObject } from "../api/json.ts";
import type { AccountSnapshot } from "../rooms/types.ts";
import type { RoomTag } from "./raw-events.ts";

/**
 * The method by which the rooms were listed, best first: one request per 500 rooms, one for all
 * rooms, some per room. `file`: nothing was read, and files of the person say what there was.
 */
export type ReadingMethod = "sliding_sync" | "sync" | "per_room" | "file";

/** Items that a method of reading cannot show. They may exist. */
export type ReadingGap =
  /** Invitations, knocks and bans. */
  | "pending_rooms"
  /** Account data of types that are not requested by name, global and of rooms. */
  | "further_account_data";

/** The account's name and avatar in one room (its own member event). */
export interface RoomProfile {
  readonly displayName: string | null;
  readonly avatarUrl: string | null;
}

/** What a server allows its accounts (CS §Capabilities negotiation). */
export interface Capabilities {
  /** `["1"]` if the server does not say. */
  readonly roomVersions: readonly string[];
  readonly defaultRoomVersion: string | null;
  readonly canSetDisplayName: boolean;
  readonly canSetAvatarUrl: boolean;
  /** `m.profile_fields`; `null`: the server has no further fields. */
  readonly profileFields: ProfileFieldRules | null;
}

/** The rules for the fields of a profile. */
export interface ProfileFieldRules {
  readonly isEnabled: boolean;
  /** Only these fields; `null`: all but `disallowed`. */
  readonly allowed: readonly string[] | null;
  readonly disallowed: readonly string[];
}

/** The global profile of an account. */
export interface Profile {
  readonly displayName: string | null;
  readonly avatarUrl: string | null;
  /** All other fields, unchanged (CS v1.16, MSC4133). */
  readonly fields: ReadonlyMap<string, unknown>;
}

/** One account as it was read: the input of the plan and of the other categories. */
export interface AccountReading {
  /** Its `accountData` is the global account data, with `m.direct` and `m.ignored_user_list`. */
  readonly snapshot: AccountSnapshot;
  /**
   * By room and type, as the server sent it: `m.fully_read`, `m.marked_unread` and so on. Tags are
   * in `roomTags`.
   */
  readonly roomAccountData: ReadonlyMap<string, ReadonlyMap<string, unknown>>;
  readonly roomTags: ReadonlyMap<string, readonly RoomTag[]>;
  /** The account's profiles in joined rooms. */
  readonly roomProfiles: ReadonlyMap<string, RoomProfile>;
  readonly capabilities: Capabilities;
  readonly profile: Profile;
  /** `global` of `GET /pushrules/`: rules by kind, in the server's order. */
  readonly pushRules: JsonObject;
  readonly method: ReadingMethod;
  /** By files: servers from which nothing answers, and that of the account. */
  readonly deadServers?: ReadonlySet<string>;
  readonly gaps: readonly ReadingGap[];
  /** Joined rooms that the account's server refuses to show. All of their state is `unread`. */
  readonly unreadableRoomIds: readonly string[];
  /**
   * Account data that is too large or too deep to be processed, or that the server does not send.
   * `roomId` is null for global account data.
   */
  readonly unreadableAccountData: readonly { readonly roomId: string | null; readonly type: string }[];
  /** Requests sent to the server, with repetitions. */
  readonly requests: number;
}

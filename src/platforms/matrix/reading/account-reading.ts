import type { JsonObject } from "../api/json.ts";
import type { AccountSnapshot } from "../rooms/types.ts";
import type { RoomTag } from "./raw-events.ts";

/** How the rooms were listed, best first: one request for 500 rooms, one for all, some for each. */
export type HowRead = "sliding_sync" | "sync" | "per_room";

/** What a way of reading could not find out: such things may exist. */
export type ReadingGap =
  /** Invitations, knocks and bans. */
  | "pending_rooms"
  /** Account data of types that nobody thought to ask for; global and of rooms. */
  | "further_account_data";

/** How an account calls itself in one room (its own member event). */
export interface RoomProfile {
  readonly displayName: string | null;
  readonly avatarUrl: string | null;
}

/** What a server lets its accounts do (CS §Capabilities negotiation). */
export interface Capabilities {
  /** `["1"]` where the server does not say. */
  readonly roomVersions: readonly string[];
  readonly defaultRoomVersion: string | null;
  readonly canSetDisplayName: boolean;
  readonly canSetAvatarUrl: boolean;
  /** `m.profile_fields`; `null`: the server knows no further fields. */
  readonly profileFields: ProfileFieldRules | null;
}

export interface ProfileFieldRules {
  readonly isEnabled: boolean;
  /** Only these; `null`: all but `disallowed`. */
  readonly allowed: readonly string[] | null;
  readonly disallowed: readonly string[];
}

export interface Profile {
  readonly displayName: string | null;
  readonly avatarUrl: string | null;
  /** All others, as they are (CS v1.16, MSC4133). */
  readonly fields: ReadonlyMap<string, unknown>;
}

/** One account as it stands: what a plan is made from, and what the other categories move. */
export interface AccountReading {
  /**
   * Its `accountData` is the global account data, `m.direct` and `m.ignored_user_list` among it.
   */
  readonly snapshot: AccountSnapshot;
  /**
   * By room and type, as the server sent it: `m.fully_read`, `m.marked_unread` and so on; tags
   * stand apart.
   */
  readonly roomAccountData: ReadonlyMap<string, ReadonlyMap<string, unknown>>;
  readonly roomTags: ReadonlyMap<string, readonly RoomTag[]>;
  /** Of joined rooms. */
  readonly roomProfiles: ReadonlyMap<string, RoomProfile>;
  readonly capabilities: Capabilities;
  readonly profile: Profile;
  /** `global` of `GET /pushrules/`: rules by kind, in the server's order. */
  readonly pushRules: JsonObject;
  readonly how: HowRead;
  readonly gaps: readonly ReadingGap[];
  /**
   * Rooms that the account has joined and that its server refuses to show; all of their state is
   * `unread`.
   */
  readonly unreadableRoomIds: readonly string[];
  /** Types of account data nested too deeply to be worked with, those of rooms with the room. */
  readonly unreadableAccountData: readonly { readonly roomId: string | null; readonly type: string }[];
  /** Sent to the server, repeated ones included. */
  readonly requests: number;
}

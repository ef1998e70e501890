import type { Helper, PowerLevel } from "../../../model/routes.ts";
import type { PowerLevels } from "./power-levels/power-levels.ts";
import type { StateRead } from "./state-read.ts";

/** The memberships of a user in a room (CS §m.room.member). */
export type Membership = "join" | "invite" | "knock" | "leave" | "ban";

/** An `m.room.member` event. */
export interface Member {
  membership: Membership;
  /** The sender: for an invitation, the inviter. */
  sender: string | null;
  displayName: string | null;
  isDirect: boolean;
  reason: string | null;
  /**
   * Milliseconds since 1970 by the sender's server; `null` if the server left it out (stripped
   * state).
   */
  sentAt: number | null;
}

/** `m.room.create`. */
export interface Creation {
  sender: string | null;
  /** `null`: present, but not a text. A missing key is version 1. */
  roomVersion: string | null;
  type: string | null;
  /** False for anything but `true` or a missing key. Synapse then lets no other server in. */
  isFederated: boolean;
  /** The key `creator`, which counts up to room version 10. */
  creator: string | null;
  /** Counts from room version 12 on. */
  additionalCreators: readonly string[];
  predecessorRoomId: string | null;
  /** The mark of a chat that a bot of this kind opened; `null` for none. */
  chatMark: string | null;
}

/** `m.room.join_rules`. */
export interface JoinRules {
  /** `null`: missing, or not a text. */
  joinRule: string | null;
  /** The rooms whose members may join. Entries that cannot be read are left out, as servers do. */
  allowedRoomIds: readonly string[];
}

/** `m.room.server_acl`. Entries that are not texts are left out, as servers do. */
export interface ServerAcl {
  allow: readonly string[];
  deny: readonly string[];
  allowsIpLiterals: boolean;
}

/** `m.room.tombstone`. */
export interface Tombstone {
  /** `null`: closed without a replacement. */
  replacementRoomId: string | null;
  sender: string | null;
}

/**
 * One of the few members that a server names to describe a room. They are joined or invited; the
 * server does not say which.
 */
export interface Hero {
  userId: string;
  displayName: string | null;
}

/** The known facts about another member. */
export interface KnownMember {
  membership: Membership;
  displayName: string | null;
  /** Last known activity in milliseconds since 1970, if it is known without reading history. */
  lastActiveAt: number | null;
}

/** One room as one of the two accounts sees it. `room-snapshot.ts` makes it from raw events. */
export interface RoomSnapshot {
  roomId: string;
  /**
   * The membership of the account that was read; `null`: it has no relation to the room (read from
   * a room summary).
   */
  membership: Membership | null;
  /**
   * The position of the account's membership in the stream of its server (`bump_stamp` of sliding
   * sync), for an invitation or a knock. Such an event comes without its time.
   */
  membershipPosition: number | null;
  ownMember: StateRead<Member>;
  /** The member event of the other one of the two accounts. */
  otherMember: StateRead<Member>;
  create: StateRead<Creation>;
  joinRules: StateRead<JoinRules>;
  powerLevels: StateRead<PowerLevels>;
  historyVisibility: StateRead<string>;
  serverAcl: StateRead<ServerAcl>;
  /**
   * When an event was sent, in milliseconds since 1970 by the sender's server; `null` if there is
   * none or the server left it out.
   */
  sentAt: Readonly<Record<"joinRules" | "serverAcl" | "powerLevels", number | null>>;
  tombstone: StateRead<Tombstone>;
  /** Present whenever the event exists: encryption cannot be switched off. */
  encryption: StateRead<true>;
  name: StateRead<string>;
  canonicalAlias: StateRead<string>;
  /** Further aliases that the room names itself (`alt_aliases`). */
  altAliases: readonly string[];
  /** Server name of the policy server. */
  policyServer: StateRead<string>;
  /** `service_members`: bots and similar accounts. */
  functionalMembers: StateRead<ReadonlySet<string>>;
  /** Rooms with a valid `m.space.child` (one with `via`). */
  spaceChildren: readonly string[];
  spaceParents: readonly string[];
  joinedCount: number | null;
  invitedCount: number | null;
  heroes: readonly Hero[];
  /**
   * Members whose membership was read, by user ID, without the two accounts (`ownMember`,
   * `otherMember`).
   */
  members: ReadonlyMap<string, KnownMember>;
  lastActivityAt: number | null;
  /** Names of the account's tags on the room. */
  tags: readonly string[];
  /** `null`: the account was read, and the state is what its server shows. */
  fromFile: RoomFromFile | null;
}

/**
 * What files say about a room of an account that nobody has signed in. Its state is the one in the
 * file, where no other server has shown a newer one.
 */
export interface RoomFromFile {
  /** Servers to join through, without dead ones. */
  via: readonly string[];
  /**
   * People who could let an account in, in the order of the file. Those of dead servers are left
   * out.
   */
  helpers: readonly Helper[];
  /** The power of the account; `null`: not known. */
  power: PowerLevel | null;
  /**
   * Whether another server shows the room to the new account. `null`: none was asked yet, or none
   * has to be.
   */
  isShown: boolean | null;
}

/** One account as it was read. */
export interface AccountSnapshot {
  userId: string;
  /** Every room that the server named, with any membership, by room ID. */
  rooms: ReadonlyMap<string, RoomSnapshot>;
  /** Global account data by type, as the server sent it. */
  accountData: ReadonlyMap<string, unknown>;
  /**
   * Room versions that the server supports (capability `m.room_versions`); `["1"]` if it does not
   * say (CS §m.room_versions).
   */
  roomVersions: readonly string[];
}

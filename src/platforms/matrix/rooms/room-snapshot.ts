import { isJsonObject, textOrNull } from "../api/json.ts";
import { readPowerLevels } from "./power-levels/power-levels.ts";
import type { RoomVersionRules } from "./room-version.ts";
import { roomVersionRules } from "./room-version.ts";
import {
  isSpaceLink,
  readCreation,
  readJoinRules,
  readMember,
  readServerAcl,
  readText,
  readTextSet,
  readTombstone,
} from "./state-content.ts";
import type { StateRead } from "./state-read.ts";
import { ABSENT, MALFORMED, UNREAD, present } from "./state-read.ts";
import type { Creation, Hero, KnownMember, Membership, RoomSnapshot } from "./types.ts";

/**
 * The state events with an empty state key that a plan needs. Links of spaces and members are also
 * read.
 */
export const PLANNED_STATE_TYPES = [
  "m.room.create",
  "m.room.join_rules",
  "m.room.power_levels",
  "m.room.history_visibility",
  "m.room.server_acl",
  "m.room.tombstone",
  "m.room.encryption",
  "m.room.name",
  "m.room.canonical_alias",
  "m.room.policy",
  "io.element.functional_members",
] as const;

// The specification sends at most five (CS §/sync, m.heroes).
const MAX_HEROES = 5;

/** A state event as a server sent it: untrusted. */
export interface RawStateEvent {
  type: string;
  state_key: string;
  sender?: unknown;
  content?: unknown;
  origin_server_ts?: unknown;
}

/** Everything that was read of one room. */
export interface RoomReading {
  roomId: string;
  /** The account that was read. */
  ownUserId: string;
  otherUserId: string;
  membership: Membership | null;
  events: readonly RawStateEvent[];
  /**
   * - `full`: all types above were requested, so a missing one is absent.
   * - `partial`: stripped state or a room summary, so a missing one is unknown.
   */
  coverage: "full" | "partial";
  /**
   * Whether the other account's member event was requested. A lazily loaded sync cannot request it.
   */
  isOtherMemberRead: boolean;
  membershipPosition?: number | null;
  joinedCount?: number | null;
  invitedCount?: number | null;
  heroes?: readonly Hero[];
  lastActivityAt?: number | null;
  tags?: readonly string[];
  fromFile?: RoomSnapshot["fromFile"];
}

/**
 * Makes a snapshot of a room from what a server sent. Raw state becomes typed only here. Of two
 * events with the same key the later one counts.
 */
export function roomSnapshot(reading: RoomReading): RoomSnapshot {
  const missing = reading.coverage === "full" ? ABSENT : UNREAD;
  const byType = new Map<string, RawStateEvent>();
  const members = new Map<string, RawStateEvent>();
  const spaceChildren = new Map<string, boolean>();
  const spaceParents = new Map<string, boolean>();
  for (const event of reading.events) {
    if (event.type === "m.room.member") members.set(event.state_key, event);
    else if (event.type === "m.space.child") spaceChildren.set(event.state_key, isSpaceLink(event.content));
    else if (event.type === "m.space.parent") spaceParents.set(event.state_key, isSpaceLink(event.content));
    else if (event.state_key === "") byType.set(event.type, event);
  }
  function read<Value>(
    type: string,
    reader: (content: unknown, sender: string | null) => StateRead<Value>,
  ): StateRead<Value> {
    const event = byType.get(type);
    return event === undefined ? missing : reader(event.content, textOrNull(event.sender));
  }
  const create = read("m.room.create", readCreation);
  const rules = rulesOf(create);
  return {
    roomId: reading.roomId,
    membership: reading.membership,
    membershipPosition: reading.membershipPosition ?? null,
    ownMember: memberOf(members.get(reading.ownUserId), missing),
    otherMember: memberOf(members.get(reading.otherUserId), reading.isOtherMemberRead ? missing : UNREAD),
    create,
    joinRules: read("m.room.join_rules", readJoinRules),
    powerLevels: read("m.room.power_levels", (content) => readPowerLevels(content, rules)),
    historyVisibility: read("m.room.history_visibility", (content) =>
      presentText(content, "history_visibility"),
    ),
    serverAcl: read("m.room.server_acl", readServerAcl),
    sentAt: {
      joinRules: timeOf(byType.get("m.room.join_rules")),
      serverAcl: timeOf(byType.get("m.room.server_acl")),
      powerLevels: timeOf(byType.get("m.room.power_levels")),
    },
    tombstone: read("m.room.tombstone", readTombstone),
    encryption: read("m.room.encryption", () => present(true as const)),
    name: read("m.room.name", (content) => readText(content, "name")),
    canonicalAlias: read("m.room.canonical_alias", (content) => readText(content, "alias")),
    altAliases: textsAt(byType.get("m.room.canonical_alias")?.content, "alt_aliases"),
    policyServer: read("m.room.policy", (content) => readText(content, "via")),
    functionalMembers: read("io.element.functional_members", (content) =>
      readTextSet(content, "service_members"),
    ),
    spaceChildren: linked(spaceChildren),
    spaceParents: linked(spaceParents),
    joinedCount: reading.joinedCount ?? null,
    invitedCount: reading.invitedCount ?? null,
    heroes: (reading.heroes ?? []).slice(0, MAX_HEROES),
    members: knownMembers(members, reading),
    lastActivityAt: reading.lastActivityAt ?? null,
    tags: reading.tags ?? [],
    fromFile: reading.fromFile ?? null,
  };
}

/**
 * The room with more members known: the second of the two passes (see `planning/plan-rooms.ts`).
 */
export function withMembers(room: RoomSnapshot, more: ReadonlyMap<string, KnownMember>): RoomSnapshot {
  return { ...room, members: new Map([...room.members, ...more]) };
}

/** Whether the account has joined the room and its server does not show the room's state. */
export function isUnreadable({
  membership,
  create,
  fromFile,
}: Pick<RoomSnapshot, "membership" | "create" | "fromFile">): boolean {
  return membership === "join" && create.kind === "unread" && fromFile === null;
}

/**
 * A joined room whose state cannot be read now. Nothing is decided by what was read of it earlier,
 * but people still see its name.
 */
export function unreadableRoom(room: RoomSnapshot): RoomSnapshot {
  return {
    ...room,
    membership: "join",
    otherMember: UNREAD,
    create: UNREAD,
    joinRules: UNREAD,
    powerLevels: UNREAD,
    serverAcl: UNREAD,
  };
}

function rulesOf(create: StateRead<Creation>): RoomVersionRules | null {
  return create.kind === "present" ? roomVersionRules(create.value.roomVersion) : null;
}

function memberOf(event: RawStateEvent | undefined, missing: StateRead<never>): RoomSnapshot["ownMember"] {
  return event === undefined
    ? missing
    : readMember(event.content, textOrNull(event.sender), event.origin_server_ts);
}

function textsAt(content: unknown, key: string): string[] {
  const list = isJsonObject(content) ? content[key] : null;
  return Array.isArray(list) ? list.filter((item) => typeof item === "string") : [];
}

function timeOf(event: RawStateEvent | undefined): number | null {
  const at = event?.origin_server_ts;
  return typeof at === "number" && Number.isSafeInteger(at) ? at : null;
}

/** The text under a key that the event must have. */
function presentText(content: unknown, key: string): StateRead<string> {
  const text = isJsonObject(content) ? textOrNull(content[key]) : null;
  return text === null ? MALFORMED : present(text);
}

function knownMembers(
  events: ReadonlyMap<string, RawStateEvent>,
  reading: RoomReading,
): Map<string, KnownMember> {
  const known = new Map<string, KnownMember>();
  for (const [userId, event] of events) {
    if (userId === reading.ownUserId || userId === reading.otherUserId) continue;
    const member = readMember(event.content, null, null);
    if (member.kind !== "present") continue;
    known.set(userId, {
      membership: member.value.membership,
      displayName: member.value.displayName,
      lastActiveAt: null,
    });
  }
  return known;
}

function linked(links: ReadonlyMap<string, boolean>): string[] {
  return [...links].filter(([, stands]) => stands).map(([roomId]) => roomId);
}

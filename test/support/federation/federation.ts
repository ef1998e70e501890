import type { RawStateEvent } from "../../../src/platforms/matrix/rooms/room-snapshot.ts";
import { roomSnapshot } from "../../../src/platforms/matrix/rooms/room-snapshot.ts";
import type {
  Hero,
  KnownMember,
  Membership,
  RoomSnapshot,
} from "../../../src/platforms/matrix/rooms/types.ts";

/**
 * A simulated federation in which tests try out plans. Its own reading of the authorization rules
 * is deliberately plain. It shares only types with the planner, so an error passes unnoticed only
 * if both make it.
 */
export interface FederationRoom {
  roomId: string;
  version: string;
  sender: string;
  create: Record<string, unknown>;
  joinRules: { join_rule?: unknown; allow?: unknown } | null;
  levels: Record<string, unknown> | null;
  acl: Record<string, unknown> | null;
  replacement: string | null;
  upgrader: string;
  members: Map<string, Membership>;
  inviters: Map<string, string>;
}

export type Federation = Map<string, FederationRoom>;

const serverOf = (userId: string): string => userId.slice(userId.indexOf(":") + 1);

function integer(value: unknown, version: number): number | null {
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  if (typeof value === "string" && version < 10 && /^ *[+-]?[0-9]+ *$/.test(value))
    return Number.parseInt(value.trim(), 10);
  return null;
}

export function levelIn(room: FederationRoom, userId: string): number {
  const version = Number(room.version);
  const additional = Array.isArray(room.create["additional_creators"])
    ? room.create["additional_creators"]
    : [];
  if (version === 12 && (userId === room.sender || additional.includes(userId)))
    return Number.POSITIVE_INFINITY;
  if (room.levels === null) {
    const creator = version >= 11 ? room.sender : room.create["creator"];
    return version < 12 && creator === userId ? 100 : 0;
  }
  const users = (room.levels["users"] ?? {}) as Record<string, unknown>;
  const byDefault = "users_default" in room.levels ? room.levels["users_default"] : 0;
  const own = userId in users ? users[userId] : byDefault;
  return integer(own, version) ?? Number.NEGATIVE_INFINITY;
}

function requiredIn(room: FederationRoom, key: string, byDefault: number): number {
  if (room.levels === null || !(key in room.levels)) return byDefault;
  return integer(room.levels[key], Number(room.version)) ?? Number.MAX_VALUE;
}

function requiredForState(room: FederationRoom, type: string): number {
  const events = (room.levels?.["events"] ?? {}) as Record<string, unknown>;
  if (type in events) return integer(events[type], Number(room.version)) ?? Number.MAX_VALUE;
  return requiredIn(room, "state_default", 50);
}

const isIn = (room: FederationRoom, userId: string): boolean => room.members.get(userId) === "join";

export function isServerWelcome(room: FederationRoom, server: string): boolean {
  if (room.acl === null) return true;
  const matches = (list: unknown): boolean =>
    Array.isArray(list) &&
    list.some(
      (glob) =>
        typeof glob === "string" &&
        new RegExp(`^${glob.replaceAll(".", "\\.").replaceAll("*", ".*").replaceAll("?", ".")}$`, "i").test(
          server,
        ),
    );
  return !matches(room.acl["deny"]) && matches(room.acl["allow"]);
}

/** Whether a user has joined and the other servers accept its events. */
function isHeardIn(room: FederationRoom, by: string): boolean {
  return isIn(room, by) && isServerWelcome(room, serverOf(by));
}

export function mayInviteIn(room: FederationRoom, by: string): boolean {
  return isHeardIn(room, by) && levelIn(room, by) >= requiredIn(room, "invite", 0);
}

export function mayUnbanIn(room: FederationRoom, by: string, banned: string): boolean {
  const level = levelIn(room, by);
  // A level that is not a number: no server could compare with it.
  if (levelIn(room, banned) === Number.NEGATIVE_INFINITY && level !== Number.POSITIVE_INFINITY) return false;
  return (
    isHeardIn(room, by) &&
    level >= requiredIn(room, "ban", 50) &&
    level >= requiredIn(room, "kick", 50) &&
    level > levelIn(room, banned)
  );
}

export function mayChangeAclIn(room: FederationRoom, by: string): boolean {
  return isIn(room, by) && levelIn(room, by) >= requiredForState(room, "m.room.server_acl");
}

export function mayChangeLevelsIn(room: FederationRoom, by: string): boolean {
  return isHeardIn(room, by) && levelIn(room, by) >= requiredForState(room, "m.room.power_levels");
}

function rule(room: FederationRoom): string {
  const found = room.joinRules === null ? "invite" : room.joinRules.join_rule;
  const since: Record<string, number> = {
    public: 1,
    invite: 1,
    knock: 7,
    restricted: 8,
    knock_restricted: 10,
  };
  return typeof found === "string" && (since[found] ?? 99) <= Number(room.version) ? found : "closed";
}

/** Whether the rules allow a user to join after an invitation. */
export function isEnterable(room: FederationRoom, userId: string, versions: readonly string[]): boolean {
  if (!versions.includes(room.version) || Number(room.version) > 12 || room.members.get(userId) === "ban")
    return false;
  if (room.create["m.federate"] === false && serverOf(room.sender) !== serverOf(userId)) return false;
  return isServerWelcome(room, serverOf(userId)) && rule(room) !== "closed";
}

/** Whether a join through one of these servers succeeds now. */
export function joins(
  federation: Federation,
  room: FederationRoom,
  userId: string,
  via: readonly string[],
  versions: readonly string[],
): boolean {
  if (!isEnterable(room, userId, versions)) return false;
  const residents = new Set(
    [...room.members].filter(([, membership]) => membership === "join").map(([member]) => serverOf(member)),
  );
  // The others do not see a join through a server that the ACL denies.
  const asked = [...via, serverOf(userId)].filter(
    (server) => residents.has(server) && isServerWelcome(room, server),
  );
  if (asked.length === 0) return false;
  const membership = room.members.get(userId);
  if (rule(room) === "public" || membership === "invite" || membership === "join") return true;
  if (!rule(room).endsWith("restricted")) return false;
  const allow = Array.isArray(room.joinRules?.allow)
    ? (room.joinRules.allow as { type?: unknown; room_id?: unknown }[])
    : [];
  const isAllowed = allow.some(({ type, room_id: id }) => {
    const other = typeof id === "string" ? federation.get(id) : undefined;
    return type === "m.room_membership" && other !== undefined && isIn(other, userId);
  });
  return (
    isAllowed &&
    [...room.members.keys()].some((member) => asked.includes(serverOf(member)) && mayInviteIn(room, member))
  );
}

export function mayKnock(room: FederationRoom, userId: string, versions: readonly string[]): boolean {
  const membership = room.members.get(userId);
  return (
    isEnterable(room, userId, versions) &&
    rule(room).startsWith("knock") &&
    membership !== "invite" &&
    membership !== "join"
  );
}

/**
 * The room as a listing for one account shows it: everything for a member, stripped state for an
 * invited user.
 */
export function listing(room: FederationRoom, userId: string, otherUserId: string): RoomSnapshot | null {
  const membership = room.members.get(userId);
  if (membership === undefined) return null;
  // A server without a member in the room learns of its users' invitations, not of bans.
  const isResident =
    membership === "join" ||
    [...room.members].some(([member, state]) => state === "join" && serverOf(member) === serverOf(userId));
  if (!isResident && membership !== "invite" && membership !== "knock") return null;
  const events: RawStateEvent[] = [];
  const add = (type: string, content: unknown, stateKey = "", by = room.sender): void => {
    if (content !== null) events.push({ type, state_key: stateKey, sender: by, content });
  };
  add("m.room.create", { room_version: room.version, ...room.create });
  add("m.room.join_rules", room.joinRules);
  const sender = (of: string): string => room.inviters.get(of) ?? of;
  add("m.room.member", { membership }, userId, sender(userId));
  const others = [...room.members].filter(([member]) => member !== userId && member !== otherUserId);
  if (membership === "join") {
    add("m.room.power_levels", room.levels);
    add("m.room.server_acl", room.acl);
    add(
      "m.room.tombstone",
      room.replacement === null ? null : { replacement_room: room.replacement },
      "",
      room.upgrader,
    );
    const other = room.members.get(otherUserId);
    if (other !== undefined) add("m.room.member", { membership: other }, otherUserId, sender(otherUserId));
  }
  const count = (wanted: Membership): number =>
    [...room.members.values()].filter((state) => state === wanted).length;
  const heroes: Hero[] = others
    .filter(([, state]) => state === "join" || state === "invite")
    .slice(0, 5)
    .map(([member]) => ({ userId: member, displayName: null }));
  return roomSnapshot({
    roomId: room.roomId,
    ownUserId: userId,
    otherUserId,
    membership,
    events,
    coverage: membership === "join" ? "full" : "partial",
    isOtherMemberRead: membership === "join",
    joinedCount: count("join"),
    invitedCount: count("invite"),
    heroes,
  });
}

/**
 * Answers of `GET /rooms/{roomId}/state/m.room.member/{userId}`. A user without a membership counts
 * as having left.
 */
export function readMembers(room: FederationRoom, userIds: readonly string[]): Map<string, KnownMember> {
  return new Map(
    userIds.map((userId) => [
      userId,
      { membership: room.members.get(userId) ?? "leave", displayName: null, lastActiveAt: null },
    ]),
  );
}

export function summaryOf(room: FederationRoom | undefined): unknown {
  if (room === undefined || room.joinRules?.join_rule === "invite") return null;
  const entries = Array.isArray(room.joinRules?.allow)
    ? (room.joinRules.allow as { type?: unknown; room_id?: unknown }[])
    : [];
  const allow = entries.filter(({ type }) => type === "m.room_membership");
  return {
    room_version: room.version,
    join_rule: room.joinRules?.join_rule,
    allowed_room_ids: allow.map(({ room_id: id }) => id),
  };
}

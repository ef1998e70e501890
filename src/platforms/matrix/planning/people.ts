import type { PowerLevel } from "../../../model/routes.ts";
import type { Help, Helper, Helpers } from "../../../model/routes.ts";
import { serverNameOf } from "../ids/identifiers.ts";
import { isSameServer, serverPartOf } from "../ids/server-host.ts";
import { isDeclaredBot, looksLikeBot } from "../rooms/known-bots.ts";
import { compareLevels } from "../rooms/power-levels/level.ts";
import type { RoomPower } from "../rooms/power-levels/room-power.ts";
import { levelOf, may, mayUnban, requiredFor } from "../rooms/power-levels/room-power.ts";
import { isAclUndecided, isServerAllowed } from "../rooms/server-acl.ts";
import type { RoomSnapshot } from "../rooms/types.ts";
import { mayGrant, POWER_LEVELS } from "./power-grant.ts";

/** The two accounts of the plan, and the accounts that are not people. */
export interface Parties {
  sourceUserId: string;
  targetUserId: string;
  botUserIds: ReadonlySet<string>;
}

/**
 * A task that needs a user with enough power.
 * - `administer`: write power levels.
 * - `authorise`: vouch for a restricted join. Bots may do this too.
 */
export type Task = { kind: Help | "administer" | "authorise" } | { kind: "grant"; level: PowerLevel };

/** Members of one room whose membership must be read before the plan can name them. */
export interface MembersNeeded {
  roomId: string;
  /** Most power first, at most `MAX_READ_MEMBERS`. */
  userIds: readonly string[];
  /**
   * Any joined member is sufficient, and none except the two accounts is known. Some joined members
   * must be read.
   */
  isAnyoneNeeded: boolean;
  /**
   * - `route`: the route, reason or helpers depend on it.
   * - `warning`: only a warning depends on it, so a reader that needs a request for each member may
   *   skip it.
   */
  purpose: "route" | "warning";
}

const MAX_HELPERS = 10;
/** The maximum number of members that are read in one room. */
export const MAX_READ_MEMBERS = 200;

/** The level that a task needs, for sentences ("needs power 50"). */
export function requiredForTask(power: RoomPower, task: Task): number | null {
  switch (task.kind) {
    case "invite":
    case "authorise":
      return requiredFor(power, "invite");
    case "unban":
      return requiredFor(power, "ban");
    case "change_acl":
      return requiredFor(power, { state: "m.room.server_acl" });
    case "administer":
    case "grant":
      return requiredFor(power, { state: POWER_LEVELS });
  }
}

/** Whether a user may do it, if joined. */
export function mayDo(power: RoomPower, userId: string, task: Task, parties: Parties): boolean {
  switch (task.kind) {
    case "invite":
    case "authorise":
      return may(power, userId, "invite");
    case "unban":
      return mayUnban(power, userId, parties.targetUserId);
    case "change_acl":
      return may(power, userId, { state: "m.room.server_acl" });
    case "administer":
      return may(power, userId, { state: POWER_LEVELS });
    case "grant":
      return mayGrant(power, userId, task.level);
  }
}

/**
 * Joined people who may do it, at most ten by default, and the number of further ones.
 * - Order: creators, then the most power, then the latest activity.
 * - Never the two accounts or bots.
 * - Not people whose server the room's ACL denies, since their events do not reach the others. An
 *   exception is a change of the ACL by the source's server: if the room is on that server alone,
 *   its members hear it.
 */
export function peopleWhoMay(
  room: RoomSnapshot,
  power: RoomPower,
  task: Task,
  parties: Parties,
  max = MAX_HELPERS,
): Helpers {
  const able = candidatesFor(joinedUsers(room), room, power, task, parties);
  const people = able.filter((userId) => !looksLikeBot(userId));
  const ranked = rank(people.length > 0 ? people : able, room, power);
  return {
    helpers: ranked.slice(0, max).map((userId) => helperOf(room, power, userId)),
    moreHelpers: Math.max(0, ranked.length - max),
  };
}

/** The servers of joined members who may do it, the most powerful members first. Bots count. */
export function serversWhoMay(room: RoomSnapshot, power: RoomPower, task: Task, parties: Parties): string[] {
  const able = candidatesFor(joinedUsers(room), room, power, task, parties);
  return [...new Set(rank(able, room, power).flatMap((userId) => serverNameOf(userId) ?? []))];
}

/** The members to read before it is known who may do the task; `null` if none is left to read. */
export function membersToRead(
  room: RoomSnapshot,
  power: RoomPower,
  task: Task,
  parties: Parties,
  purpose: MembersNeeded["purpose"],
): MembersNeeded | null {
  const candidates = candidatesFor(namedUsers(room, power), room, power, task, parties);
  const unread = candidates.filter((userId) => !room.members.has(userId) && !isJoined(room, userId));
  const mayEverybody = mayDo(power, "", task, parties);
  const isAnyoneNeeded =
    mayEverybody &&
    unread.length === 0 &&
    !candidates.some((userId) => isJoined(room, userId)) &&
    (room.joinedCount ?? 0) > 1;
  if (unread.length === 0 && !isAnyoneNeeded) return null;
  return {
    roomId: room.roomId,
    userIds: rank(unread, room, power).slice(0, MAX_READ_MEMBERS),
    isAnyoneNeeded,
    purpose,
  };
}

/** Whether a member is known to be joined. */
export function isJoined(room: RoomSnapshot, userId: string): boolean {
  const known = room.members.get(userId);
  if (known !== undefined) return known.membership === "join";
  // Heroes are joined or invited members. If nobody else is in the room, they are former members
  // (CS §/sync, m.heroes).
  return (
    room.invitedCount === 0 &&
    (room.joinedCount ?? 0) > 1 &&
    room.heroes.some((hero) => hero.userId === userId)
  );
}

/**
 * All users with a known ID: creators, users with an entry in the levels, heroes and members who
 * were read.
 */
function namedUsers(room: RoomSnapshot, power: RoomPower): string[] {
  const named = new Set(power.creators);
  for (const userId of power.levels.users.keys()) named.add(userId);
  for (const hero of room.heroes) named.add(hero.userId);
  for (const userId of room.members.keys()) named.add(userId);
  return [...named];
}

/**
 * Members known to be joined. They are few, because only requested members are read. The levels can
 * name anybody.
 */
export function joinedUsers(room: RoomSnapshot): string[] {
  const known = new Set(room.members.keys());
  for (const hero of room.heroes) known.add(hero.userId);
  return [...known].filter((userId) => isJoined(room, userId));
}

/**
 * Whether the ACL has too many patterns to check the servers of all people. Then nobody is ruled
 * out.
 */
export function arePeopleUndecided(
  room: RoomSnapshot,
  power: RoomPower,
  task: Task,
  parties: Parties,
): boolean {
  return namedUsers(room, power).some(
    (userId) => mayDo(power, userId, task, parties) && isAclUndecided(room.serverAcl, serverPartOf(userId)),
  );
}

function candidatesFor(
  userIds: readonly string[],
  room: RoomSnapshot,
  power: RoomPower,
  task: Task,
  parties: Parties,
): string[] {
  const sourceServer = serverPartOf(parties.sourceUserId);
  const verdicts = new Map<string, boolean>();
  // The ACL is evaluated once per server, however many of its users have power.
  function isHeard(serverName: string): boolean {
    const known = verdicts.get(serverName);
    if (known !== undefined) return known;
    const verdict =
      isServerAllowed(room.serverAcl, serverName) ||
      (task.kind === "change_acl" && isSameServer(serverName, sourceServer));
    verdicts.set(serverName, verdict);
    return verdict;
  }
  return userIds.filter((userId) => {
    if (userId === parties.sourceUserId || userId === parties.targetUserId) return false;
    if (!mayDo(power, userId, task, parties)) return false;
    if (task.kind !== "authorise" && isDeclaredBot(room, userId, parties.botUserIds)) return false;
    return userId.startsWith("@") && isHeard(serverPartOf(userId));
  });
}

function rank(userIds: readonly string[], room: RoomSnapshot, power: RoomPower): string[] {
  const keyed = userIds.map((userId) => ({
    userId,
    level: levelOf(power, userId) ?? 0,
    lastActiveAt: room.members.get(userId)?.lastActiveAt ?? Number.NEGATIVE_INFINITY,
  }));
  keyed.sort((left, right) => {
    const byLevel = compareLevels(left.level, right.level);
    if (byLevel !== 0) return byLevel;
    if (left.lastActiveAt !== right.lastActiveAt) return right.lastActiveAt - left.lastActiveAt;
    return left.userId < right.userId ? -1 : 1;
  });
  return keyed.map(({ userId }) => userId);
}

function helperOf(room: RoomSnapshot, power: RoomPower, userId: string): Helper {
  const displayName =
    room.members.get(userId)?.displayName ??
    room.heroes.find((hero) => hero.userId === userId)?.displayName ??
    null;
  return { userId, displayName, power: levelOf(power, userId) ?? 0 };
}

/** One entry per room. Members for a route come before members for a warning. */
export function mergeNeeds(needs: readonly MembersNeeded[]): MembersNeeded[] {
  const byRoom = new Map<string, MembersNeeded>();
  for (const need of needs) {
    const other = byRoom.get(need.roomId);
    byRoom.set(need.roomId, other === undefined ? need : mergedNeed(other, need));
  }
  return [...byRoom.values()];
}

function mergedNeed(left: MembersNeeded, right: MembersNeeded): MembersNeeded {
  const [first, second] = left.purpose === "route" ? [left, right] : [right, left];
  return {
    roomId: left.roomId,
    userIds: [...new Set([...first.userIds, ...second.userIds])],
    isAnyoneNeeded: left.isAnyoneNeeded || right.isAnyoneNeeded,
    purpose: first.purpose,
  };
}

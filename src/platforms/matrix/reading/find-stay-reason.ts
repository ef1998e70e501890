import { z } from "zod";
import type { StayReason } from "../../../model/stay-reason.ts";
import { UnreachableError } from "../../../network/unreachable-error.ts";
import type { HomeserverClient } from "../api/homeserver-client.ts";
import { apiPath } from "../api/homeserver-client.ts";
import { serverPartOf } from "../ids/server-host.ts";
import type { JoinRule } from "../rooms/join-rule.ts";
import { allowedRooms, joinRuleOf } from "../rooms/join-rule.ts";
import { compareLevels, isAbove } from "../rooms/power-levels/level.ts";
import { levelOf, may, roomPowerOf } from "../rooms/power-levels/room-power.ts";
import { roomSnapshot } from "../rooms/room-snapshot.ts";
import { isServerAllowed } from "../rooms/server-acl.ts";
import { readJoinRules } from "../rooms/state-content.ts";
import { ABSENT } from "../rooms/state-read.ts";
import type { RoomSnapshot } from "../rooms/types.ts";
import { readStateEvent } from "./single-room.ts";
import { membershipNow } from "./state-now.ts";

/** A room that the target may leave, and how its members are seen. */
export interface RoomToLeave {
  readonly roomId: string;
  readonly sourceUserId: string;
  readonly targetUserId: string;
  /**
   * Whether the source has joined, according to its own server. `from_file`: nobody has signed it
   * in. The room shows it for ever, and it can do nothing.
   */
  readonly source: "joined" | "not_joined" | "from_file";
  /** Requests of the target, which has joined. */
  readonly target: Pick<HomeserverClient, "request">;
  /** Whether the target leaves another room as well. */
  readonly isLeftToo: (roomId: string) => boolean;
}

/** An account that has joined a room and may leave it. */
export interface Leaver {
  readonly roomId: string;
  readonly userId: string;
  /** Another account that is known to have joined; `null` for none. */
  readonly companion: string | null;
  /** An account that the room shows as joined and that nobody can use; absent for none. */
  readonly ghost?: string;
  /** Requests of the account. */
  readonly client: Pick<HomeserverClient, "request">;
}

/** The maximum number of users with power whose membership is read. */
const MAX_READ_USERS = 20;
/** The maximum number of rooms whose members may join that are looked at. */
const MAX_ALLOWED_ROOMS = 5;
/** A longer list has more members than the target alone. */
const MAX_MEMBERS_BYTES = 65_536;

const POWER_LEVELS = { state: "m.room.power_levels" } as const;
const STATE_TYPES = ["m.room.create", "m.room.power_levels", "m.room.server_acl"];
const joinedSchema = z.object({ joined: z.record(z.string(), z.unknown()) });

/**
 * Why the target should not leave a room unasked; `null` if nothing speaks against it. Both servers
 * must see the source in the room.
 * @throws HomeserverError, UnreachableError
 */
export async function findStayReason(leaving: RoomToLeave): Promise<StayReason | null> {
  const { roomId, sourceUserId, source, target } = leaving;
  const leaver = { roomId, userId: leaving.targetUserId, companion: sourceUserId, client: target };
  if (source === "from_file")
    return reasonWithoutSource({ ...leaver, companion: null, ghost: sourceUserId }, leaving);
  const isSeen =
    source === "joined" && (await membershipNow(target, { roomId, userId: sourceUserId })) === "join";
  if (!isSeen) return (await isAlone(leaver)) ? "last_member" : "source_not_joined";
  return (await isOnlyOneWithPower(leaver)) ? "last_admin" : null;
}

/**
 * The same without the source, which could let the target in again. A room that is open to the
 * target is not missed.
 */
async function reasonWithoutSource(leaver: Leaver, leaving: RoomToLeave): Promise<StayReason | null> {
  if (await isAlone(leaver)) return "last_member";
  if (await isOnlyOneWithPower(leaver)) return "last_admin";
  return (await mayJoinAgain(leaving)) ? null : "needs_invitation";
}

/** Whether the target could join the room again without help from a person. */
async function mayJoinAgain({
  roomId,
  target,
  targetUserId,
  isLeftToo,
}: Pick<RoomToLeave, "roomId" | "target" | "targetUserId" | "isLeftToo">): Promise<boolean> {
  const rule = await ruleOf(target, roomId);
  if (rule.kind === "public") return true;
  for (const allowed of allowedRooms(rule).slice(0, MAX_ALLOWED_ROOMS)) {
    if ((await membershipNow(target, { roomId: allowed, userId: targetUserId })) !== "join") continue;
    if (!isLeftToo(allowed) || (await ruleOf(target, allowed)).kind === "public") return true;
  }
  return false;
}

async function ruleOf(target: RoomToLeave["target"], roomId: string): Promise<JoinRule> {
  const event = await readStateEvent(target, roomId, "m.room.join_rules", "");
  return joinRuleOf(event === null ? ABSENT : readJoinRules(event.content), "unread");
}

/**
 * Whether nobody else has joined the room. Then nobody can ever enter it again.
 * @throws HomeserverError, UnreachableError
 */
export async function isAlone({
  roomId,
  client,
  userId,
  ghost,
}: Pick<Leaver, "roomId" | "client" | "userId" | "ghost">): Promise<boolean> {
  const path = apiPath`/_matrix/client/v3/rooms/${roomId}/joined_members`;
  try {
    const { joined } = await client.request({
      method: "GET",
      path,
      schema: joinedSchema,
      maxBytes: MAX_MEMBERS_BYTES,
    });
    return Object.keys(joined).every((joinedId) => joinedId === userId || joinedId === ghost);
  } catch (error) {
    if (error instanceof UnreachableError && error.reason === "too_large") return false;
    throw error;
  }
}

/**
 * Whether an account has power that no other joined member has: to change power levels or, if it
 * may not do that, more than the default. Power of accounts whose server the room's ACL denies
 * counts as none.
 * @throws HomeserverError, UnreachableError
 */
export async function isOnlyOneWithPower(leaver: Leaver): Promise<boolean> {
  const { roomId, userId, companion, ghost, client } = leaver;
  const room = await readPower({ roomId, userId, client });
  const isHeard = (someone: string): boolean => isServerAllowed(room.serverAcl, serverPartOf(someone));
  const power = roomPowerOf(room);
  const isAdmin = may(power, userId, POWER_LEVELS);
  const hasPower = (someone: string): boolean =>
    isAdmin ? may(power, someone, POWER_LEVELS) : isAbove(levelOf(power, someone), power.levels.usersDefault);
  if (!hasPower(userId) || !isHeard(userId) || (isAdmin && may(power, "", POWER_LEVELS))) return false;
  const named = new Set([...power.creators, ...power.levels.users.keys()]);
  named.delete(userId);
  if (ghost !== undefined) named.delete(ghost);
  const others = [...named]
    .filter((someone) => hasPower(someone) && isHeard(someone))
    .toSorted((left, right) => compareLevels(levelOf(power, left) ?? 0, levelOf(power, right) ?? 0));
  if (companion !== null && others.includes(companion)) return false;
  for (const someone of others.slice(0, MAX_READ_USERS))
    if ((await membershipNow(client, { roomId, userId: someone })) === "join") return false;
  return true;
}

async function readPower({
  roomId,
  userId,
  client,
}: Pick<Leaver, "roomId" | "userId" | "client">): Promise<RoomSnapshot> {
  const events = [];
  for (const type of STATE_TYPES) {
    const event = await readStateEvent(client, roomId, type, "");
    if (event !== null) events.push(event);
  }
  return roomSnapshot({
    roomId,
    ownUserId: userId,
    otherUserId: "",
    membership: "join",
    events,
    coverage: "full",
    isOtherMemberRead: false,
  });
}

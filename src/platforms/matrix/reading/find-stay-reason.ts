import { z } from "zod";
import type { StayReason } from "../../../model/stay-reason.ts";
import { UnreachableError } from "../../../network/unreachable-error.ts";
import type { HomeserverClient } from "../api/homeserver-client.ts";
import { apiPath } from "../api/homeserver-client.ts";
import { serverPartOf } from "../ids/server-host.ts";
import { compareLevels, isAbove } from "../rooms/power-levels/level.ts";
import { levelOf, may, roomPowerOf } from "../rooms/power-levels/room-power.ts";
import { roomSnapshot } from "../rooms/room-snapshot.ts";
import { isServerAllowed } from "../rooms/server-acl.ts";
import type { RoomSnapshot } from "../rooms/types.ts";
import { readStateEvent } from "./single-room.ts";
import { membershipNow } from "./state-now.ts";

/** A room that the target may leave, and how its members are seen. */
export interface RoomToLeave {
  readonly roomId: string;
  readonly sourceUserId: string;
  readonly targetUserId: string;
  /** Whether the source has joined, according to its own server. */
  readonly isSourceJoined: boolean;
  /** Requests of the target, which has joined. */
  readonly target: Pick<HomeserverClient, "request">;
}

/** The maximum number of users with power whose membership is read. */
const MAX_READ_USERS = 20;
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
  const { roomId, sourceUserId, isSourceJoined, target } = leaving;
  const isSeen = isSourceJoined && (await membershipNow(target, { roomId, userId: sourceUserId })) === "join";
  if (!isSeen) return (await isAlone(leaving)) ? "last_member" : "source_not_joined";
  return (await isOnlyOneWithPower(leaving)) ? "last_admin" : null;
}

async function isAlone({ roomId, target, targetUserId }: RoomToLeave): Promise<boolean> {
  const path = apiPath`/_matrix/client/v3/rooms/${roomId}/joined_members`;
  try {
    const { joined } = await target.request({
      method: "GET",
      path,
      schema: joinedSchema,
      maxBytes: MAX_MEMBERS_BYTES,
    });
    return Object.keys(joined).every((userId) => userId === targetUserId);
  } catch (error) {
    if (error instanceof UnreachableError && error.reason === "too_large") return false;
    throw error;
  }
}

/**
 * Whether the target has power that no other joined member has: to change power levels or, if it
 * may not do that, more than the default.
 */
async function isOnlyOneWithPower({
  roomId,
  sourceUserId,
  targetUserId,
  target,
}: RoomToLeave): Promise<boolean> {
  const room = await readPower({ roomId, sourceUserId, targetUserId, target });
  const power = roomPowerOf(room);
  const isAdmin = may(power, targetUserId, POWER_LEVELS);
  const hasPower = (userId: string): boolean =>
    isAdmin ? may(power, userId, POWER_LEVELS) : isAbove(levelOf(power, userId), power.levels.usersDefault);
  if (!hasPower(targetUserId) || (isAdmin && may(power, "", POWER_LEVELS))) return false;
  const named = new Set([...power.creators, ...power.levels.users.keys()]);
  named.delete(targetUserId);
  const others = [...named]
    .filter((userId) => hasPower(userId) && isServerAllowed(room.serverAcl, serverPartOf(userId)))
    .toSorted((left, right) => compareLevels(levelOf(power, left) ?? 0, levelOf(power, right) ?? 0));
  // The source is known to have joined.
  if (others.includes(sourceUserId)) return false;
  for (const userId of others.slice(0, MAX_READ_USERS))
    if ((await membershipNow(target, { roomId, userId })) === "join") return false;
  return true;
}

async function readPower({
  roomId,
  sourceUserId,
  targetUserId,
  target,
}: Omit<RoomToLeave, "isSourceJoined">): Promise<RoomSnapshot> {
  const events = [];
  for (const type of STATE_TYPES) {
    const event = await readStateEvent(target, roomId, type, "");
    if (event !== null) events.push(event);
  }
  return roomSnapshot({
    roomId,
    ownUserId: targetUserId,
    otherUserId: sourceUserId,
    membership: "join",
    events,
    coverage: "full",
    isOtherMemberRead: false,
  });
}

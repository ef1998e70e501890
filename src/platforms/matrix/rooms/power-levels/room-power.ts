import type { PowerLevel } from "../../../../model/routes.ts";
import { roomVersionRules } from "../room-version.ts";
import { valueOf } from "../state-read.ts";
import type { Creation, RoomSnapshot } from "../types.ts";
import { isAbove, reaches } from "./level.ts";
import type { PowerLevels } from "./power-levels.ts";
import { LEVELS_WITHOUT_EVENT } from "./power-levels.ts";

/** The power of users in a room: creators and levels, with defaults filled in. */
export interface RoomPower {
  /** From room version 12 on; empty before. */
  creators: ReadonlySet<string>;
  levels: PowerLevels;
}

/** An action that requires a level. `state` sends a state event of a type. */
export type PowerAction = "invite" | "kick" | "ban" | { state: string };

const NOTHING_IS_KNOWN: PowerLevels = {
  users: new Map(),
  usersDefault: null,
  events: new Map(),
  stateDefault: null,
  eventsDefault: null,
  invite: null,
  kick: null,
  ban: null,
  redact: null,
  notifications: new Map(),
};

/**
 * The power in a room.
 * - Without an `m.room.power_levels` event the creator has 100 (up to room version 11) and
 *   everybody else 0.
 * - With an event that is unread or unreadable, only creators of version 12 are known to have
 *   power.
 */
export function roomPowerOf(room: Pick<RoomSnapshot, "create" | "powerLevels">): RoomPower {
  const creation = valueOf(room.create);
  const rules = roomVersionRules(creation?.roomVersion ?? null);
  const makers = creatorsOf(creation);
  const creators = new Set(rules?.hasInfiniteCreators === true ? makers : []);
  if (room.powerLevels.kind === "present") return { creators, levels: room.powerLevels.value };
  if (room.powerLevels.kind !== "absent") return { creators, levels: NOTHING_IS_KNOWN };
  const users = new Map(rules?.hasInfiniteCreators === true ? [] : makers.map((userId) => [userId, 100]));
  return {
    creators,
    levels: { users, events: new Map(), notifications: new Map(), ...LEVELS_WITHOUT_EVENT },
  };
}

/**
 * The creators of a room, by its version's rules; empty if they are unknown.
 * - Up to version 11: one user, who has 100 while the room has no levels.
 * - From version 12 on: all users who are above every level.
 */
export function creatorsOf(creation: Creation | null): string[] {
  const rules = roomVersionRules(creation?.roomVersion ?? null);
  if (creation === null || rules === null) return [];
  const first = rules.isCreatorTheSender ? creation.sender : creation.creator;
  return [
    ...(first === null ? [] : [first]),
    ...(rules.hasInfiniteCreators ? creation.additionalCreators : []),
  ];
}

/** A user's level; `null` if it is unknown. */
export function levelOf(power: RoomPower, userId: string): PowerLevel | null {
  if (power.creators.has(userId)) return "creator";
  const own = power.levels.users.get(userId);
  return own === undefined ? power.levels.usersDefault : own;
}

/**
 * The level that an action requires; `null` if it is unknown. Then only a creator is known to reach
 * it.
 */
export function requiredFor(power: RoomPower, action: PowerAction): number | null {
  if (typeof action === "string") return power.levels[action];
  const own = power.levels.events.get(action.state);
  return own === undefined ? power.levels.stateDefault : own;
}

/** Whether a user may do it, if joined. */
export function may(power: RoomPower, userId: string, action: PowerAction): boolean {
  return reaches(levelOf(power, userId), requiredFor(power, action));
}

/** Whether a user, if joined, may send events of a type that are not state. */
export function maySend(power: RoomPower, userId: string, type: string): boolean {
  const { events, eventsDefault } = power.levels;
  const own = events.get(type);
  return reaches(levelOf(power, userId), own === undefined ? eventsDefault : own);
}

/**
 * Whether a user, if joined, may lift another user's ban: `ban` and `kick` level, and above the
 * other (rooms/v12, note after the authorization rules).
 */
export function mayUnban(power: RoomPower, userId: string, bannedUserId: string): boolean {
  return (
    may(power, userId, "ban") &&
    may(power, userId, "kick") &&
    isAbove(levelOf(power, userId), levelOf(power, bannedUserId))
  );
}

import { compareLevels, isAbove, reaches } from "../rooms/power-levels/level.ts";
import type { PowerLevel } from "../../../model/routes.ts";
import { levelOf, may, requiredFor } from "../rooms/power-levels/room-power.ts";
import type { RoomPower } from "../rooms/power-levels/room-power.ts";

/**
 * What becomes of the source's power in one room. Levels as in the report: an integer, or
 * `creator`.
 */
export interface PowerGrant {
  source: PowerLevel;
  /**
   * What the target is to have. Creators cannot be made (MSC4289), so for a creator: enough for
   * everything the room asks a level for.
   */
  wanted: PowerLevel;
  /** What the target has now by the room's rules, joined or not. */
  current: PowerLevel;
  /**
   * `none`: it has that much already. `write`: the source writes the level. `cannot_write`: the
   * source's level is below what the event takes, or the source is not joined. `unreadable`: the
   * room's levels cannot be read, so nobody can tell.
   */
  outcome: "none" | "write" | "cannot_write" | "unreadable";
  /** The source is joined and has more than what everybody gets. */
  isAboveDefault: boolean;
  /** Level that writing `m.room.power_levels` takes. */
  required: number | null;
}

export const POWER_LEVELS = "m.room.power_levels";

/** protocol-facts.md section 3. @param isSourceJoined only a joined user can write state. */
export function powerGrant(
  power: RoomPower,
  sourceUserId: string,
  targetUserId: string,
  isSourceJoined: boolean,
): PowerGrant {
  const source = levelOf(power, sourceUserId);
  const current = levelOf(power, targetUserId);
  const required = requiredFor(power, { state: POWER_LEVELS });
  const wanted: PowerLevel | null = current === "creator" ? "creator" : wantedLevel(power, source);
  const isAboveDefault = isSourceJoined && isAbove(source, power.levels.usersDefault ?? 0);
  const grant = { source: source ?? 0, wanted: wanted ?? 0, current: current ?? 0, required, isAboveDefault };
  if (source === null || current === null || wanted === null) return { ...grant, outcome: "unreadable" };
  if (compareLevels(current, wanted) <= 0) return { ...grant, outcome: "none" };
  return {
    ...grant,
    outcome: isSourceJoined && may(power, sourceUserId, { state: POWER_LEVELS }) ? "write" : "cannot_write",
  };
}

/**
 * Whether a user, if joined, could give somebody this level: may write the event, and has that
 * level (authorization rule 10 of rooms/v12).
 */
export function mayGrant(power: RoomPower, userId: string, wanted: PowerLevel): boolean {
  return (
    wanted !== "creator" &&
    may(power, userId, { state: POWER_LEVELS }) &&
    reaches(levelOf(power, userId), wanted)
  );
}

function wantedLevel(power: RoomPower, source: PowerLevel | null): number | null {
  return source === "creator" ? highestRequired(power) : source;
}

/**
 * The highest level the room asks for anything, `m.room.tombstone` included, which an upgrade takes
 * (150 at first in version 12).
 */
function highestRequired(power: RoomPower): number {
  const { levels } = power;
  let highest = requiredFor(power, { state: "m.room.tombstone" }) ?? 0;
  const named = [
    levels.invite,
    levels.kick,
    levels.ban,
    levels.redact,
    levels.stateDefault,
    levels.eventsDefault,
  ];
  for (const level of named) highest = Math.max(highest, level ?? 0);
  for (const level of levels.events.values()) highest = Math.max(highest, level ?? 0);
  for (const level of levels.notifications.values()) highest = Math.max(highest, level ?? 0);
  return highest;
}

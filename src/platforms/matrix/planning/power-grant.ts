import type { PowerLevel } from "../../../model/routes.ts";
import { compareLevels, isAbove, reaches } from "../rooms/power-levels/level.ts";
import type { RoomPower } from "../rooms/power-levels/room-power.ts";
import { levelOf, may, requiredFor } from "../rooms/power-levels/room-power.ts";
import type { RoomFromFile, RoomSnapshot } from "../rooms/types.ts";
import type { RoomView } from "./room-view.ts";

/**
 * The source's power in one room, and the power that the target can get. Levels as in the report:
 * an integer, or `creator`.
 */
export interface PowerGrant {
  source: PowerLevel;
  /**
   * The level that the target should have. Nobody can be made a creator (MSC4289), so for a creator
   * it is the highest level that anything in the room requires.
   */
  wanted: PowerLevel;
  /** The target's current level by the room's rules, joined or not. */
  current: PowerLevel;
  /**
   * - `none`: the target has the level already, or nobody has signed in the source.
   * - `write`: the source writes it.
   * - `cannot_write`: the source's level does not suffice for the event, the source is not joined,
   *   or the room's ACL denies its server.
   * - `unreadable`: the room's levels cannot be read.
   */
  outcome: "none" | "write" | "cannot_write" | "unreadable";
  /** The source is joined and has more than the default level. */
  isAboveDefault: boolean;
  /** The level needed to write `m.room.power_levels`. */
  required: number | null;
}

type PowerFacts = Pick<RoomView, "power" | "sourceMembership" | "canSourceAct"> & {
  readonly room: Pick<RoomSnapshot, "fromFile">;
};

/** The event type of power levels (CS §m.room.power_levels). */
export const POWER_LEVELS = "m.room.power_levels";

/**
 * The power that the target can get from the source (platforms/matrix/README.md, "Power levels").
 */
export function powerGrant(
  { room, power, sourceMembership, canSourceAct }: PowerFacts,
  { sourceUserId, targetUserId }: { sourceUserId: string; targetUserId: string },
): PowerGrant {
  if (room.fromFile !== null) return lostPower(room.fromFile, levelOf(power, targetUserId));
  const source = levelOf(power, sourceUserId);
  const current = levelOf(power, targetUserId);
  const required = requiredFor(power, { state: POWER_LEVELS });
  const wanted: PowerLevel | null = current === "creator" ? "creator" : wantedLevel(power, source);
  const isAboveDefault = sourceMembership === "join" && isAbove(source, power.levels.usersDefault ?? 0);
  const grant = { source: source ?? 0, wanted: wanted ?? 0, current: current ?? 0, required, isAboveDefault };
  if (source === null || current === null || wanted === null) return { ...grant, outcome: "unreadable" };
  if (compareLevels(current, wanted) <= 0) return { ...grant, outcome: "none" };
  return {
    ...grant,
    outcome: canSourceAct && may(power, sourceUserId, { state: POWER_LEVELS }) ? "write" : "cannot_write",
  };
}

/** Nobody can give the target the power that a file says the source had. */
function lostPower({ power }: RoomFromFile, current: PowerLevel | null): PowerGrant {
  const source = power ?? 0;
  const wanted = source === "creator" ? 0 : source;
  return { source, wanted, current: current ?? 0, outcome: "none", isAboveDefault: false, required: null };
}

/**
 * Whether a user, if joined, can grant a level: it may write the event and has that level itself
 * (rooms/v12, authorization rule 10).
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
 * The highest level that anything in the room requires, including `m.room.tombstone`, which an
 * upgrade needs (150 at first in version 12).
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

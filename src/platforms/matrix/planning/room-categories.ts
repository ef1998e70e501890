import type { Category } from "../../../model/categories.ts";
import { category } from "../../../model/categories.ts";
import type { PlannedRoom } from "./planned-room.ts";

/**
 * The categories `rooms` and `power_levels` at the time of the plan. Rooms that a filter left out
 * are not expected.
 */
export function roomCategories(rooms: readonly PlannedRoom[]): Category[] {
  const expected = rooms.filter((room) => room.route !== "excluded");
  const missing = expected.filter((room) => room.status !== "done").map((room) => room.roomId);
  // The power in an upgraded room is counted in its replacement.
  const powers = expected.filter((room) => room.route !== "successor" && room.grant.isAboveDefault);
  const missingPowers = powers
    .filter((room) => room.grant.outcome !== "none" || room.differs.isPowerUnseenByTarget)
    .map((room) => `${room.roomId} ${room.power.wanted}`);
  return [
    category("rooms", expected.length - missing.length, missing),
    category("power_levels", powers.length - missingPowers.length, missingPowers),
  ];
}

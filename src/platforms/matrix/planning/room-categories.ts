import { category } from "../../../model/categories.ts";
import type { Category } from "../../../model/categories.ts";
import type { PlannedRoom } from "./planned-room.ts";

/**
 * The categories `rooms` and `power_levels` as they stand when the plan is made. What a filter left
 * out is not expected.
 */
export function roomCategories(rooms: readonly PlannedRoom[]): Category[] {
  const expected = rooms.filter((room) => room.route !== "excluded");
  const missing = expected.filter((room) => room.status !== "done").map((room) => room.roomId);
  // An upgraded room's power counts in its replacement.
  const powers = expected.filter((room) => room.route !== "successor" && room.grant.isAboveDefault);
  const missingPowers = powers
    .filter((room) => room.grant.outcome !== "none")
    .map((room) => `${room.roomId} ${room.power.wanted}`);
  return [
    category("rooms", expected.length - missing.length, missing),
    category("power_levels", powers.length - missingPowers.length, missingPowers),
  ];
}

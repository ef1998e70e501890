import type { PowerLevel } from "../../../../model/routes.ts";

/**
 * Whether a level reaches a required one. Only a creator reaches an unknown requirement (`null`),
 * because no level is above a creator. For others it would be a guess.
 */
export function reaches(level: PowerLevel | null, required: number | null): boolean {
  if (level === "creator") return true;
  return level !== null && required !== null && level >= required;
}

/**
 * Whether a level is above another one. An unknown one (`null`) is above nothing, and only a
 * creator is above it.
 */
export function isAbove(level: PowerLevel | null, other: PowerLevel | null): boolean {
  if (other === "creator" || level === null) return false;
  if (level === "creator") return true;
  return other !== null && level > other;
}

/** Order for lists: creators first, then most power first. */
export function compareLevels(left: PowerLevel, right: PowerLevel): number {
  if (left === right) return 0;
  if (left === "creator") return -1;
  if (right === "creator") return 1;
  return right - left;
}

import type { RoomVersionRules } from "../room-version.ts";

type LevelFormats = Pick<RoomVersionRules, "allowsTextLevels" | "allowsFractionLevels">;

// A longer text is out of range (2^53 has 16 digits) once leading zeroes are removed.
const TEXT_LEVEL = /^\s*([+-]?)0*(\d{1,16})\s*$/;

/**
 * One level of an `m.room.power_levels` event as an integer within ±(2^53-1). `null` if the room's
 * version does not allow the value: texts are allowed up to version 9, fractions up to version 5
 * (rooms/v1, "power_levels events accept values as strings", "as floats").
 */
export function readLevel(value: unknown, formats: LevelFormats | null): number | null {
  const level = numberOf(value, formats);
  // `+ 0` turns minus zero into zero.
  return level !== null && Number.isSafeInteger(level) ? level + 0 : null;
}

function numberOf(value: unknown, formats: LevelFormats | null): number | null {
  if (typeof value === "number") return formats?.allowsFractionLevels === true ? Math.trunc(value) : value;
  if (typeof value !== "string" || formats?.allowsTextLevels !== true) return null;
  const match = TEXT_LEVEL.exec(value);
  return match === null ? null : Number(`${match[1] === "-" ? "-" : ""}${match[2]}`);
}

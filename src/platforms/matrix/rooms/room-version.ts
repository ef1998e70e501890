/**
 * The rules of a room version that decide about joins and power (specification, "Room Versions").
 * Each line names the version that introduced the rule.
 */
export interface RoomVersionRules {
  /** Join rule `knock`: version 7. */
  hasKnock: boolean;
  /** Join rule `restricted`: version 8. */
  hasRestricted: boolean;
  /** Join rule `knock_restricted`: version 10. */
  hasKnockRestricted: boolean;
  /** Power levels may be text that reads as an integer: up to version 9. */
  allowsTextLevels: boolean;
  /** Power levels may be fractions; only the integer part counts: up to version 5. */
  allowsFractionLevels: boolean;
  /** The creator is the sender of `m.room.create`, not its `creator` key: version 11. */
  isCreatorTheSender: boolean;
  /** Creators are above every number and not in `m.room.power_levels`: version 12. */
  hasInfiniteCreators: boolean;
}

const LAST_KNOWN = 12;

/**
 * The rules of a stable room version (1 to 12); `null` for any other. Unknown rules are not
 * guessed.
 */
export function roomVersionRules(roomVersion: string | null): RoomVersionRules | null {
  if (roomVersion === null || !/^[1-9]\d?$/.test(roomVersion)) return null;
  const version = Number(roomVersion);
  if (version > LAST_KNOWN) return null;
  return {
    hasKnock: version >= 7,
    hasRestricted: version >= 8,
    hasKnockRestricted: version >= 10,
    allowsTextLevels: version <= 9,
    allowsFractionLevels: version <= 5,
    isCreatorTheSender: version >= 11,
    hasInfiniteCreators: version >= 12,
  };
}

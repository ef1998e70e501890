/**
 * What a room version's rules allow (specification, "Room versions"; each line names the version
 * that brought it).
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
  /** Power levels may be fractions, which count without what follows the point: up to version 5. */
  allowsFractionLevels: boolean;
  /** The creator is the sender of `m.room.create`, no longer its `creator` key: version 11. */
  isCreatorTheSender: boolean;
  /** Creators are above every number and stand in no `m.room.power_levels`: version 12. */
  hasInfiniteCreators: boolean;
}

const LAST_KNOWN = 12;

/**
 * Rules of a stable room version (1 to 12); `null` for every other and for none: what is not known
 * is never guessed.
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

/**
 * Why the new account should not leave a room, or decline an invitation to it, unasked.
 * - `source_not_joined`: the old account is not in it, so it could not let the new one in again.
 * - `last_member`: nobody else is in it. The room would be lost.
 * - `last_admin`: nobody else in it has the new account's power.
 * - `needs_invitation`: nobody has signed in the old account, and a person would have to let the
 *   new one in again.
 * - `unreadable`: one of these could not be checked.
 */
export const STAY_REASONS = [
  "source_not_joined",
  "last_member",
  "last_admin",
  "needs_invitation",
  "unreadable",
] as const;
export type StayReason = (typeof STAY_REASONS)[number];

/** The rooms that an undo may take from the new account. */
export interface RoomsOfUndo {
  /** Rooms that it leaves, or in which it loses power. */
  readonly left: readonly string[];
  /** Rooms whose invitation it declines. */
  readonly declined: readonly string[];
}

/** The rooms that the new account should not leave unasked, by room ID. */
export type StayReasons = ReadonlyMap<string, StayReason>;

import type { RouteRefusal } from "./route-refusals.ts";

/** The traces of earlier runs between the same two accounts in a room. */
export interface RoomHistory {
  /** Routes that were tried and refused, oldest first. */
  readonly refusals: readonly RouteRefusal[];
  /** A run saw the target in the room. */
  readonly wasEntered: boolean;
  /**
   * When somebody removed the target before the last run joined, by the sender's server; `null` for
   * never. That removal is no answer to the join.
   */
  readonly removedBeforeAt: number | null;
  /** A run knocked, and has not seen an answer yet. */
  readonly hasKnocked: boolean;
  /** The target was banned when a run last looked. */
  readonly wasBanned: boolean;
}

/** The history of a room that no run has tried. */
export const NO_HISTORY: RoomHistory = {
  refusals: [],
  wasEntered: false,
  removedBeforeAt: null,
  hasKnocked: false,
  wasBanned: false,
};

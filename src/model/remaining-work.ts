import type { CategoryName } from "./categories.ts";

/**
 * Missing items of one category, by what they wait for. Items that nothing can bring are not
 * counted.
 */
export interface CategoryWork {
  readonly name: CategoryName;
  /** Can be written now, or as soon as the bot has joined a room by itself. */
  readonly now: number;
  /** Wait until a person lets the target into a room. */
  readonly waiting: number;
}

/** The work that a plan leaves to the bot, and to people. */
export interface RemainingWork {
  /** Whether anything can be done before a person helps. */
  readonly canBegin: boolean;
  /** Only categories with missing items. Rooms are in the plan itself. */
  readonly categories: readonly CategoryWork[];
}

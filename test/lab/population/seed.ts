import { seededRandom } from "../../support/seeded-random.ts";

/** Numbers that look like chance and are the same for the same seed. */
export interface Dice {
  /** At least 0, less than `below`, whole. */
  roll(below: number): number;
  /** A new list in another order (Fisher and Yates). */
  shuffle<T>(list: readonly T[]): T[];
}

export function dice(seed: number): Dice {
  const random = seededRandom(seed);
  function roll(below: number): number {
    return Math.floor(random() * below);
  }
  function shuffle<T>(list: readonly T[]): T[] {
    const left = [...list];
    const shuffled: T[] = [];
    while (left.length > 0) shuffled.push(...left.splice(roll(left.length), 1));
    return shuffled;
  }
  return { roll, shuffle };
}

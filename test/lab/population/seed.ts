/** Numbers that look like chance and are the same for the same seed. */
export interface Dice {
  /** At least 0, less than `below`, whole. */
  roll(below: number): number;
  /** A new list in another order (Fisher and Yates). */
  shuffle<T>(list: readonly T[]): T[];
}

/** mulberry32: 32 bits of state are plenty for names. */
export function dice(seed: number): Dice {
  let state = seed >>> 0;
  function roll(below: number): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  }
  function shuffle<T>(list: readonly T[]): T[] {
    const left = [...list];
    const shuffled: T[] = [];
    while (left.length > 0) shuffled.push(...left.splice(roll(left.length), 1));
    return shuffled;
  }
  return { roll, shuffle };
}

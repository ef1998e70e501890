import { describe, expect, it } from "vitest";
import { personNames, roomNames } from "../../../lab/population/names.ts";
import { dice } from "../../../lab/population/seed.ts";

describe("dice", () => {
  it("falls the same for the same seed and otherwise for another", () => {
    const rolls = (seed: number) => {
      const { roll } = dice(seed);
      return Array.from({ length: 20 }, () => roll(1_000));
    };
    expect(rolls(7)).toEqual(rolls(7));
    expect(rolls(7)).not.toEqual(rolls(8));
  });

  it("reaches every side and nothing beside", () => {
    const { roll } = dice(1);
    expect([...new Set(Array.from({ length: 500 }, () => roll(6)))].toSorted()).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it("shuffles without losing anything", () => {
    const list = Array.from({ length: 50 }, (_, index) => index);
    const shuffled = dice(3).shuffle(list);
    expect(shuffled).not.toEqual(list);
    expect(shuffled.toSorted((left, right) => left - right)).toEqual(list);
  });
});

describe("names", () => {
  it("are all different, however many are asked for", () => {
    expect(new Set(personNames(dice(1), 100)).size).toBe(100);
    expect(new Set(roomNames(dice(1), 3_000)).size).toBe(3_000);
  });

  it("come from the seed", () => {
    expect(personNames(dice(1), 10)).toEqual(personNames(dice(1), 10));
    expect(roomNames(dice(1), 10)).not.toEqual(roomNames(dice(2), 10));
  });
});

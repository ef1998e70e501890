import { describe, expect, it } from "vitest";
import { apportion, mixOf } from "../../../lab/population/mix.ts";
import { dice } from "../../../lab/population/seed.ts";

describe("a mix of rooms", () => {
  it.each([1, 2, 7, 50, 99, 200, 1_000, 3_000])("has exactly %i rooms", (count) => {
    expect(mixOf(count, dice(1))).toHaveLength(count);
    expect([...apportion(count).values()].reduce((sum, amount) => sum + amount, 0)).toBe(count);
  });

  it.each([1, 7, 20, 50])("has a space for the rooms behind one, among %i rooms", (count) => {
    const amounts = apportion(count);
    if ((amounts.get("restricted-shared-space") ?? 0) > 0)
      expect(amounts.get("shared-space")).toBeGreaterThan(0);
  });

  it("is the same for the same seed, spaces first", () => {
    const names = (seed: number) => mixOf(100, dice(seed)).map(({ name }) => name);
    expect(names(5)).toEqual(names(5));
    expect(names(5)).not.toEqual(names(6));
    expect(names(5).slice(0, 2)).toEqual(["shared-space", "shared-space"]);
  });
});

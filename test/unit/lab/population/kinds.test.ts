import { describe, expect, it } from "vitest";
import { IMPOSSIBLE_KINDS, KINDS } from "../../../lab/population/kinds/all.ts";

describe("kinds of rooms", () => {
  it("have a name of their own and a sentence each", () => {
    const names = [...KINDS.map(({ name }) => name), ...IMPOSSIBLE_KINDS.map(({ kind }) => kind)];
    expect(new Set(names).size).toBe(names.length);
    for (const { name, what } of KINDS) {
      expect(name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
      expect(what).toMatch(/\.$/);
    }
  });
});

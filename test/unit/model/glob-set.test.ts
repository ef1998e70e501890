import { describe, expect, it } from "vitest";
import { GlobSet } from "../../../src/model/glob-set.ts";
import { matchesGlob } from "../../../src/model/glob.ts";
import { seededRandom } from "../../support/seeded-random.ts";

function matches(patterns: readonly string[], text: string): boolean | null {
  return new GlobSet(patterns).matches(text, { comparedTexts: 0 });
}

describe("a set of globs", () => {
  it.each([
    { patterns: [], text: "a", isMatch: false },
    { patterns: ["*"], text: "", isMatch: true },
    { patterns: ["new.example"], text: "NEW.example", isMatch: true },
    { patterns: ["*.Example"], text: "new.example", isMatch: true },
    { patterns: ["*.example"], text: "example", isMatch: false },
    { patterns: ["*.example"], text: ".example", isMatch: true },
    { patterns: ["*evil*"], text: "an.evil.example", isMatch: true },
    { patterns: ["a*a"], text: "a", isMatch: false },
    { patterns: ["a*b*b"], text: "ab", isMatch: false },
    { patterns: ["**.example"], text: "new.example", isMatch: true },
    { patterns: ["ne?.example"], text: "new.example", isMatch: true },
    { patterns: ["[a]", "(", "\\*"], text: "a", isMatch: false },
  ])("$patterns and '$text': $isMatch", ({ patterns, text, isMatch }) => {
    expect(matches(patterns, text)).toBe(isMatch);
  });

  it("matches what its globs match one by one", () => {
    const random = seededRandom(7);
    const some = (letters: string, length: number): string =>
      Array.from(
        { length: Math.floor(random() * length) },
        () => letters[Math.floor(random() * letters.length)],
      ).join("");
    for (let round = 0; round < 3_000; round += 1) {
      const patterns = Array.from({ length: 3 }, () => some("ab.*?", 6));
      const text = some("ab.", 8);
      const expected = patterns.some((pattern) => matchesGlob(pattern, text));
      expect([patterns, text, matches(patterns, text)]).toEqual([patterns, text, expected]);
    }
  });

  describe("of a stranger", () => {
    const costly = Array.from({ length: 20_000 }, (_, index) => `*${index}*z*`);
    const texts = Array.from({ length: 500 }, (_, index) => `server${index}.example`);

    it("has no answer for more texts than its budget allows", () => {
      const set = new GlobSet(costly);
      const budget = { comparedTexts: 0 };
      const answers = texts.map((text) => set.matches(text, budget));
      expect([answers.slice(0, 8), answers[8], answers.at(-1)]).toEqual([Array(8).fill(false), null, null]);
      // What is known stays known.
      expect(set.matches("server3.example", budget)).toBe(false);
    });

    it("gives the same answers with a new budget", () => {
      const set = new GlobSet(costly);
      for (const text of texts.slice(0, 8)) set.matches(text, { comparedTexts: 0 });
      expect(set.matches("other.example", { comparedTexts: 0 })).toBe(false);
    });

    it("has no limit for exact texts and endings, which lists of rooms consist of", () => {
      const real = Array.from({ length: 20_000 }, (_, index) =>
        index % 2 === 0 ? `bad${index}.example` : `*.bad${index}.example`,
      );
      const set = new GlobSet(real);
      const budget = { comparedTexts: 0 };
      expect(new Set(texts.map((text) => set.matches(text, budget)))).toEqual(new Set([false]));
      expect(set.matches("a.bad7.example", budget)).toBe(true);
    });
  });
});

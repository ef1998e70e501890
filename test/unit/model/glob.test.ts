import { describe, expect, it } from "vitest";
import { matchesGlob } from "../../../src/model/glob.ts";

describe("a glob", () => {
  it.each([
    { pattern: "", text: "", matches: true },
    { pattern: "", text: "a", matches: false },
    { pattern: "*", text: "", matches: true },
    { pattern: "?", text: "", matches: false },
    { pattern: "?", text: "😀", matches: true },
    { pattern: "*??", text: "😀", matches: false },
    { pattern: "*?b", text: "a😀b", matches: true },
    { pattern: "*b", text: "abb", matches: true },
    { pattern: "a*b*c", text: "a-b-b-c", matches: true },
    { pattern: "a\n*", text: "a\nb\nc", matches: true },
    { pattern: "[a]", text: "a", matches: false },
    { pattern: "A", text: "a", matches: false },
  ])("'$pattern' and '$text': $matches", ({ pattern, text, matches }) => {
    expect(matchesGlob(pattern, text)).toBe(matches);
  });

  it("takes a hostile pattern in time that does not explode", () => {
    expect(matchesGlob("*a".repeat(5000), `${"a".repeat(4999)}b`)).toBe(false);
    expect(matchesGlob("*".repeat(5000), "new.example")).toBe(true);
  });
});

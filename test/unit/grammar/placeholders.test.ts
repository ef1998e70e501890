import { describe, expect, it } from "vitest";
import { MAX_FILLED_TEXT, cutAtWord, filled, textMistake } from "../../../src/grammar/placeholders.ts";

const ALL = ["old", "new", "name", "rooms"] as const;

describe("a typed text for other people", () => {
  it.each([
    { title: "has placeholders", text: "{old} is now {new}", mistake: null },
    { title: "has other braces", text: "{} { new } {a b}", mistake: null },
    {
      title: "has a misspelled placeholder",
      text: "I am {nwe} now",
      mistake: { code: "unknown_placeholder", name: "nwe", nearest: "new" },
    },
    {
      title: "has a placeholder like none",
      text: "{telephone}",
      mistake: { code: "unknown_placeholder", name: "telephone", nearest: null },
    },
    { title: "is as long as possible", text: "🙂".repeat(2_000), mistake: null },
    { title: "is too long", text: "x".repeat(2_001), mistake: { code: "too_long", length: 2_001 } },
  ])("$title", ({ text, mistake }) => {
    expect(textMistake(text, ALL)).toEqual(mistake);
  });

  it("has no placeholder of another command", () => {
    expect(textMistake("{rooms}", ["old", "new", "name"])).toMatchObject({ name: "rooms" });
  });

  it("is filled once", () => {
    expect(filled("{name}: {old} → {new} {new}", { name: "{new} {old}", old: "@a:x", new: "@b:y" })).toBe(
      "{new} {old}: @a:x → @b:y @b:y",
    );
  });

  it("keeps signs of a value that mean something in replacements", () => {
    expect(filled("I am {name}", { name: "$& $1" })).toBe("I am $& $1");
  });

  it("is cut at a word if it becomes too long", () => {
    const cut = filled("{rooms}", { rooms: "room ".repeat(1_000) });
    expect(Array.from(cut).length).toBeLessThanOrEqual(MAX_FILLED_TEXT);
    expect(cut.endsWith("room…")).toBe(true);
  });
});

describe("a cut text", () => {
  it.each([
    { text: "short", maxLength: 5, cut: "short" },
    { text: "one two three", maxLength: 8, cut: "one two…" },
    { text: "one two three", maxLength: 7, cut: "one…" },
    { text: "oneword", maxLength: 4, cut: "one…" },
  ])("of $maxLength: $cut", ({ text, maxLength, cut }) => {
    expect(cutAtWord(text, maxLength)).toBe(cut);
  });
});

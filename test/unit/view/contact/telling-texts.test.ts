import { describe, expect, it } from "vitest";
import { announcement } from "../../../../src/view/contact/announcement.ts";
import { newName } from "../../../../src/view/contact/new-name.ts";

const OLD = "@me:old.example";
const NEW = "@me:new.example";
const facts = { old: OLD, new: NEW, name: "Mo" };

describe("an announcement", () => {
  it.each([
    { name: "has a text of its own", by: "source", typed: null, has: NEW },
    { name: "is confirmed by the new account", by: "target", typed: null, has: OLD },
    { name: "keeps a typed text with the ID", by: "source", typed: "I am {new}", is: `I am ${NEW}` },
    { name: "gets the ID in brackets", by: "source", typed: "I moved", is: `I moved (${NEW})` },
    {
      name: "gets the old ID if the new account writes",
      by: "target",
      typed: "Hi {new}",
      is: `Hi ${NEW} (${OLD})`,
    },
    {
      name: "is filled once",
      by: "source",
      typed: "{name} {new}",
      facts: { name: "{old}" },
      is: `{old} ${NEW}`,
    },
  ] as const)("$name", ({ by, typed, ...more }) => {
    const text = announcement({ ...facts, ...("facts" in more ? more.facts : {}), by, typed });
    if ("is" in more) expect(text).toBe(more.is);
    else expect(text).toContain(more.has);
  });

  it("has at most 4,000 characters and keeps the ID", () => {
    const text = announcement({ ...facts, by: "source", typed: "word ".repeat(1_000) });
    expect(text.length).toBeLessThanOrEqual(4_000);
    expect(text.endsWith(`… (${NEW})`)).toBe(true);
  });
});

describe("a new name", () => {
  const named = (name: string, typed: string | null = null, maxLength = 256) =>
    newName({ ...facts, name, typed, maxLength });
  const lengthOf = (text: string) => Array.from(text).length;

  it.each([
    { name: "has the ID of the new account", is: "Mo (now @me:new.example)", old: "Mo", typed: null },
    { name: "may be typed", is: "Mo, once @me:old.example", old: "Mo", typed: " {name},  once {old} " },
    { name: "is one line", is: "Mo moved", old: "Mo", typed: "{name}\nmoved" },
  ])("$name", ({ old, typed, is }) => {
    expect(named(old, typed)).toBe(is);
  });

  it.each([
    { name: "letters", old: "x".repeat(256), typed: null },
    { name: "characters of two code units", old: "😀".repeat(250), typed: null },
    { name: "characters of many code points", old: "👩‍👩‍👧‍👦".repeat(60), typed: null },
    { name: "two placeholders", old: "x".repeat(200), typed: "{name} {name} {new}" },
  ])("is shortened in the name, never in the ID: $name", ({ old, typed }) => {
    const shortened = named(old, typed);
    expect(lengthOf(shortened)).toBeLessThanOrEqual(256);
    expect(shortened).toContain(NEW);
    expect(shortened).toContain("…");
    expect(shortened.isWellFormed()).toBe(true);
    // No character is cut in two.
    const [kept = ""] = shortened.split("…");
    expect(old.startsWith(kept)).toBe(true);
    expect([...new Intl.Segmenter().segment(kept)].every(({ segment }) => old.includes(segment))).toBe(true);
  });

  it("stays too long if it is too long without the name", () => {
    expect(lengthOf(named("Mo", "y".repeat(300)))).toBe(300);
  });
});

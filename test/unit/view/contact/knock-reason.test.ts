import { describe, expect, test } from "vitest";
import { knockReason } from "../../../../src/view/contact/knock-reason.ts";

const OLD = "@ann:old.example";

function reasonOf(old: string, typed: string | null, isProven = true): string {
  return knockReason({ old, new: "@ann:new.example", name: "Ann", isProven, typed });
}

function idOfLength(length: number): string {
  return `@${"a".repeat(length - 5)}:b.c`;
}

describe("the reason of a knock", () => {
  test("begins with the account that the people in the room know", () => {
    expect(reasonOf(OLD, null)).toBe(`${OLD} (a member here) moves to this account`);
  });

  test("ends with the words that were typed", () => {
    expect(reasonOf(OLD, "It's {name},\nfrom the choir")).toBe(
      `${OLD} (a member here) moves to this account: It's Ann, from the choir`,
    );
  });

  test("has at most 120 characters, and is cut at a word", () => {
    const reason = reasonOf(
      OLD,
      "I sing alto and have been in the choir since the very first rehearsal in 2019",
    );
    expect(reason.length).toBeLessThanOrEqual(120);
    expect(reason).toMatch(/^@ann:old\.example \(a member here\) moves to this account: I sing alto .*\w…$/u);
  });

  test.each([
    { length: 81, ending: " (a member here) moves to this account" },
    { length: 98, ending: " moves to this account" },
    { length: 109, ending: " moves here" },
    { length: 120, ending: "" },
    { length: 255, ending: "" },
  ])("keeps an ID of $length characters whole, and gives up words instead", ({ length, ending }) => {
    const id = idOfLength(length);
    expect(id).toHaveLength(length);
    expect(reasonOf(id, null)).toBe(`${id}${ending}`);
    expect(reasonOf(id, "please").startsWith(id)).toBe(true);
  });

  test.each([
    { length: 15, typed: null, says: ["says to be ", ", whose server is gone"] },
    { length: 15, typed: "from the choir", says: ["says to be ", ", whose server is gone: from the choir"] },
    { length: 87, typed: null, says: ["says to be ", ", whose server is gone"] },
    { length: 88, typed: null, says: ["says to be ", ""] },
    { length: 109, typed: "Hello", says: ["says to be ", ""] },
    { length: 110, typed: null, says: ["", ""] },
    { length: 255, typed: "Hello", says: ["", ""] },
  ])("without the old account it proves nothing: $length characters, $typed", ({ length, typed, says }) => {
    const id = idOfLength(length);
    const reason = reasonOf(id, typed, false);
    expect(reason).toBe(`${says[0]}${id}${says[1]}`);
    expect(reason.length).toBeLessThanOrEqual(Math.max(120, length));
  });

  test("leaves out typed words for which no space is left", () => {
    expect(reasonOf(idOfLength(109), "Hello")).toBe(`${idOfLength(109)} moves here`);
  });
});

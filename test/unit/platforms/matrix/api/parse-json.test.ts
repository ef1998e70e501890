import { describe, expect, it } from "vitest";
import { parseJson } from "../../../../../src/platforms/matrix/api/parse-json.ts";

function parsed(text: string): unknown {
  return parseJson(new TextEncoder().encode(text), "old.example");
}

const MEBIBYTE = 1_048_576;

describe("the JSON of an answer", () => {
  it.each([
    { text: "", value: {} },
    { text: " \n", value: {} },
    { text: "null", value: {} },
    { text: "[1]", value: [1] },
    { text: "<html>", value: undefined },
    { text: '{"a":', value: undefined },
  ])("'$text' is $value", ({ text, value }) => {
    expect(parsed(text)).toEqual(value);
  });

  it.each([
    { name: "objects", one: "{}" },
    { name: "lists", one: "[]" },
    { name: "numbers", one: "1" },
    { name: "lists in lists", one: "[[[[]]]]" },
    { name: "values after a text that ends in an escaped quotation mark", one: '"\\\\"' },
  ])("is refused before it is parsed if it is eight mebibytes of $name", ({ one }) => {
    const text = `[${`${one},`.repeat((8 * MEBIBYTE) / (one.length + 1))}1]`;
    expect(() => parsed(text)).toThrow(expect.objectContaining({ reason: "too_large", host: "old.example" }));
  });

  it("may be large if it is like a homeserver's", () => {
    const event = {
      type: "m.room.member",
      sender: "@a:b.example",
      state_key: "@a:b.example",
      content: { membership: "join" },
    };
    const events = Array.from({ length: 60_000 }, () => event);
    expect(parsed(JSON.stringify({ events }))).toEqual({ events });
  });

  it("may have any characters in its texts", () => {
    const value = { text: '[{,"\\'.repeat(400_000) };
    expect(parsed(JSON.stringify(value))).toEqual(value);
  });
});

import { describe, expect, it } from "vitest";
import { flagName, tokenize, unquote } from "../../../src/grammar/tokens.ts";

describe("tokenize", () => {
  it.each<[string, string[]]>([
    ["", []],
    ["  \n ", []],
    ["a b", ["a", "b"]],
    ['"a b" c', ["a b", "c"]],
    ["“a b” ‘c d’ «e f» „g h“", ["a b", "c d", "e f", "g h"]],
    ['"mixed” “pair"', ["mixed", "pair"]],
    ["it's don’t", ["it's", "don’t"]],
    ['say "it"s fine"', ["say", 'it"s fine']],
    ['""', [""]],
    ["a\u00a0b\u2003c", ["a", "b", "c"]],
  ])("%j", (line, words) => {
    expect(tokenize(line)?.map(({ text }) => text)).toEqual(words);
  });

  it.each(['"a', "a “b", "'", 'a "b"c'])("%j has a quote that is not closed", (line) => {
    expect(tokenize(line)).toBeNull();
  });

  it("knows the position of each word", () => {
    const line = ' a "b c"  d';
    expect(tokenize(line)?.map(({ start, end }) => line.slice(start, end))).toEqual(["a", '"b c"', "d"]);
  });
});

describe("unquote", () => {
  it.each([
    { text: '"a"', bare: "a" },
    { text: "“a”", bare: "a" },
    { text: '""a""', bare: '"a"' },
    { text: "'a\"", bare: "'a\"" },
    { text: '"', bare: '"' },
    { text: '""', bare: "" },
    { text: '"a', bare: '"a' },
    { text: "a", bare: "a" },
    { text: "", bare: "" },
  ])("$text is $bare", ({ text, bare }) => {
    expect(unquote(text)).toBe(bare);
  });
});

describe("flagName", () => {
  it.each<[string, { name: string; value: string | null } | null]>([
    ["--send", { name: "send", value: null }],
    ["—send", { name: "send", value: null }],
    ["–Send=a=b", { name: "send", value: "a=b" }],
    ["---send", { name: "send", value: null }],
    ["--send=", { name: "send", value: "" }],
    ["--a-b", { name: "a-b", value: null }],
    ["-send", null],
    ["--", null],
    ["—", null],
    ["send", null],
    ["--send:x", null],
  ])("%j", (text, flag) => {
    expect(flagName({ text, isQuoted: false, start: 0, end: text.length })).toEqual(flag);
  });

  it("a quoted text is never a flag", () => {
    expect(flagName({ text: "--send", isQuoted: true, start: 0, end: 8 })).toBeNull();
  });
});

import { describe, expect, it } from "vitest";
import { readFilters, roomOfWord } from "../../../src/commands/filters.ts";
import { specifications } from "../../../src/commands/registry.ts";
import { parseDuration } from "../../../src/grammar/duration.ts";
import { parseMessage } from "../../../src/grammar/parse.ts";
import type { CommandValues } from "../../../src/grammar/specification.ts";

const names = { prefix: "!", userId: "@mover:example.org", displayName: null };
const DAY_MS = 24 * 3_600_000;

function parse(body: string) {
  return parseMessage({ body, formattedBody: null }, names, specifications);
}

function valuesOf(body: string): CommandValues {
  const parsed = parse(body);
  if (parsed.kind !== "command") throw new Error(`no command: ${JSON.stringify(parsed)}`);
  return parsed.values;
}

describe("flags", () => {
  it("that can be given more than once keep their order", () => {
    expect(valuesOf("!migrate plan --only #1 --only=!b:x --direct").lists["only"]).toEqual(["#1", "!b:x"]);
  });

  it("with choices take several with commas, in any spelling", () => {
    expect(valuesOf("!migrate plan --categories Tags,push-rules").lists["categories"]).toEqual([
      "tags",
      "push_rules",
    ]);
  });

  it("leave numbers and quoted texts as they are", () => {
    expect(valuesOf('!migrate plan --space "#my space:x" --server 007').lists).toMatchObject({
      space: ["#my space:x"],
      server: ["007"],
    });
  });

  it.each([
    { line: "!migrate plan --active soon", code: "bad_duration" },
    { line: "!migrate plan --categories tags,sweets", code: "bad_choice" },
    { line: "!migrate plan --only", code: "flag_value_missing" },
    { line: "!migrate plan --only --direct", code: "flag_value_missing" },
    { line: "!migrate plan --json=yes", code: "flag_takes_no_value" },
    { line: "!migrate plan --ony #1", code: "unknown_flag" },
    { line: "!report --format pdf", code: "bad_choice" },
    { line: "!report --format csv extra", code: "extra_argument" },
    { line: "!migrate", code: "incomplete_command" },
    { line: "!migrate paln", code: "unknown_command" },
  ])("$line is answered as $code", ({ line, code }) => {
    expect(parse(line)).toMatchObject({ kind: "mistake", mistake: { code } });
  });
});

describe("a duration", () => {
  it.each([
    ["90d", 90 * DAY_MS],
    ["2w", 14 * DAY_MS],
    ["6m", 180 * DAY_MS],
    ["1y", 365 * DAY_MS],
    ["3 Years", 3 * 365 * DAY_MS],
    ["1h", null],
    ["y", null],
    ["-1y", null],
    ["99999y", null],
  ])("%s is %s", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });
});

describe("filters", () => {
  it("read rooms by number, link, alias and ID", () => {
    const shown = ["!first:x", "!second:x"];
    expect(roomOfWord("#2", shown)).toBe("!second:x");
    expect(roomOfWord("#9", shown)).toBe("#9");
    expect(roomOfWord("#choir:old.example", shown)).toBe("#choir:old.example");
    expect(roomOfWord("https://matrix.to/#/!abc%3Aold.example?via=old.example", shown)).toBe(
      "!abc:old.example",
    );
  });

  it("count activity back from now, and know direct chats from others", () => {
    const filters = readFilters(valuesOf("!migrate plan --active 1y --no-direct --categories tags"), {
      shownRooms: [],
      now: 400 * DAY_MS,
    });
    expect(filters).toMatchObject({ activeSince: 35 * DAY_MS, isDirect: false, hasRooms: false });
    expect(readFilters(valuesOf("!migrate plan"), { shownRooms: [], now: 0 })).toMatchObject({
      activeSince: null,
      isDirect: null,
      hasRooms: true,
    });
  });
});

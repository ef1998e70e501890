import { describe, expect, it } from "vitest";
import {
  BackupScanner,
  BackupShapeError,
} from "../../../../../../src/platforms/matrix/keys/worker/backup-scanner.ts";

/** The sessions that the scanner finds in a text, which comes in pieces. */
function scanned(text: string, pieceBytes: number): (readonly [string, string, unknown])[] {
  const found: (readonly [string, string, unknown])[] = [];
  const scanner = new BackupScanner((roomId, sessionId, json) =>
    found.push([roomId, sessionId, json === null ? null : JSON.parse(json)]),
  );
  const bytes = Buffer.from(text);
  for (let from = 0; from < bytes.length; from += pieceBytes) {
    const piece = bytes.subarray(from, from + pieceBytes);
    scanner.write(piece);
    // Its memory is used again.
    piece.fill(0);
  }
  scanner.end();
  return found;
}

function faultOf(text: string): string {
  try {
    scanned(text, 7);
    return "none";
  } catch (error) {
    if (error instanceof BackupShapeError) return error.fault;
    throw error;
  }
}

describe("the scanner of a backup", () => {
  const odd = {
    rooms: {
      "!a:x": {
        sessions: { one: { a: '\\"}]{', b: [1, { c: "," }] }, 't"w\\o': { d: null } },
        more: [1, "}"],
      },
      "!ü\n:x": { note: "sessions", sessions: { three: 3, four: "text}", five: null, six: [[]], seven: {} } },
      "!none:x": {},
      "!null:x": null,
      "!empty:x": { sessions: {} },
      "!gone:x": { sessions: null },
    },
    others: { rooms: { "!c:x": { sessions: { eight: {} } } } },
  };
  const expected = [
    ["!a:x", "one", { a: '\\"}]{', b: [1, { c: "," }] }],
    ["!a:x", 't"w\\o', { d: null }],
    ["!ü\n:x", "three", 3],
    ["!ü\n:x", "four", "text}"],
    ["!ü\n:x", "five", null],
    ["!ü\n:x", "six", [[]]],
    ["!ü\n:x", "seven", {}],
  ];

  it.each([1, 2, 3, 7, 64, 100_000])("finds the same sessions in pieces of %d bytes", (pieceBytes) => {
    expect(scanned(JSON.stringify(odd), pieceBytes)).toEqual(expected);
    expect(scanned(JSON.stringify(odd, null, " \t\r\n"), pieceBytes)).toEqual(expected);
  });

  it.each([
    { what: "no rooms", text: "{}" },
    { what: "rooms that are null", text: '{"rooms":null}' },
    { what: "an empty list of rooms", text: ' {"rooms" : {} } ' },
    { what: "another member only", text: '{"etag":"1","count":0}' },
  ])("finds nothing in $what", ({ text }) => {
    expect(scanned(text, 3)).toEqual([]);
  });

  it.each([
    { what: "a page", text: "<html>", fault: "not_json" },
    { what: "a list", text: "[]", fault: "not_json" },
    { what: "null", text: "null", fault: "not_json" },
    { what: "nothing", text: "", fault: "reset" },
    { what: "a text that is cut off", text: '{"rooms":{"!a:x":{"sessions":{"one":{"a":1}', fault: "reset" },
    { what: "rooms that are a list", text: '{"rooms":[]}', fault: "unexpected_answer" },
    { what: "a room that is a text", text: '{"rooms":{"!a:x":"{}"}}', fault: "unexpected_answer" },
    {
      what: "sessions that are a list",
      text: '{"rooms":{"!a:x":{"sessions":[]}}}',
      fault: "unexpected_answer",
    },
    { what: "a name without quotes", text: "{rooms:{}}", fault: "unexpected_answer" },
    { what: "a missing colon", text: '{"rooms"{}}', fault: "unexpected_answer" },
    { what: "a missing comma", text: '{"rooms":{"!a:x":{}"!b:x":{}}}', fault: "unexpected_answer" },
    { what: "more closing brackets", text: '{"a":1]}', fault: "unexpected_answer" },
    { what: "a name with a wrong escape", text: '{"rooms":{"\\x":{}}}', fault: "unexpected_answer" },
    { what: "a text after the end", text: "{}{}", fault: "unexpected_answer" },
    { what: "a very long name", text: `{"${"n".repeat(2_000)}":1}`, fault: "unexpected_answer" },
  ])("refuses $what", ({ text, fault }) => {
    expect(faultOf(text)).toBe(fault);
  });

  it("passes over a session that is larger than any, without keeping it", () => {
    const text = JSON.stringify({
      rooms: { "!a:x": { sessions: { large: { a: "x".repeat(300_000) }, small: { b: 1 } } } },
    });
    expect(scanned(text, 65_536)).toEqual([
      ["!a:x", "large", null],
      ["!a:x", "small", { b: 1 }],
    ]);
  });

  it("reads a deeply nested value without a deep stack", () => {
    const nested = "[".repeat(100_000) + "]".repeat(100_000);
    const text = `{"rooms":{"!a:x":{"junk":${nested},"sessions":{"one":{}}}}}`;
    expect(scanned(text, 65_536)).toEqual([["!a:x", "one", {}]]);
  });
});

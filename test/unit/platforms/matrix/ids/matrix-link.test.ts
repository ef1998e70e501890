import { describe, expect, it } from "vitest";
import { parseMatrixLink } from "../../../../../src/platforms/matrix/ids/matrix-link.ts";

describe("parseMatrixLink", () => {
  it.each([
    ["https://matrix.to/#/@alice:example.org", "@alice:example.org"],
    ["https://matrix.to/#/%40alice%3Aexample.org", "@alice:example.org"],
    ["http://www.matrix.to/#/@alice:example.org/", "@alice:example.org"],
    ["https://matrix.to/#/@alice:example.org?web-instance=element.io", "@alice:example.org"],
    ["https://matrix.to/#/@bridge/alice:example.org", "@bridge/alice:example.org"],
    ["https://matrix.to/#/@alice:localhost:8448", "@alice:localhost:8448"],
    ["matrix:u/alice:example.org", "@alice:example.org"],
    ["matrix:u/alice:example.org?action=chat", "@alice:example.org"],
    ["MATRIX:user/alice%3Aexample.org", "@alice:example.org"],
    ["matrix://example.net/u/alice:example.org", "@alice:example.org"],
  ])("reads the person in %s", (link, userId) => {
    expect(parseMatrixLink(link)).toEqual({ kind: "user", userId });
  });

  it.each([
    ["https://matrix.to/#/!opaque:example.org", "!opaque:example.org", []],
    [
      "https://matrix.to/#/!opaque%3Aexample.org?via=a.example&via=b.example%3A8448",
      "!opaque:example.org",
      ["a.example", "b.example:8448"],
    ],
    [
      "https://matrix.to/#/!opaque:example.org?via=a.example&via=a.example&via=not%20a%20server&via=",
      "!opaque:example.org",
      ["a.example"],
    ],
    ["https://matrix.to/#/!rvnQkAm1nfD7zIs5P2Z8?via=a.example", "!rvnQkAm1nfD7zIs5P2Z8", ["a.example"]],
    ["matrix:roomid/opaque:example.org?via=a.example", "!opaque:example.org", ["a.example"]],
    ["matrix:roomid/rvnQkAm1nfD7zIs5P2Z8", "!rvnQkAm1nfD7zIs5P2Z8", []],
  ])("reads the room and its servers in %s", (link, roomId, via) => {
    expect(parseMatrixLink(link)).toEqual({ kind: "room", roomId, via });
  });

  it.each([
    "https://matrix.to/#/#choir:example.org",
    "https://matrix.to/#/%23choir%3Aexample.org",
    "matrix:r/choir:example.org",
    "matrix:room/choir:example.org",
  ])("reads the alias in %s", (link) => {
    expect(parseMatrixLink(link)).toEqual({ kind: "alias", alias: "#choir:example.org", via: [] });
  });

  it.each([
    [
      "https://matrix.to/#/!opaque:example.org/$event:example.org?via=a.example",
      "!opaque:example.org",
      "$event:example.org",
      ["a.example"],
    ],
    ["https://matrix.to/#/%21opaque%3Aexample.org/%24ev%2Fent", "!opaque:example.org", "$ev/ent", []],
    ["https://matrix.to/#/#choir:example.org/$ev/ent", "#choir:example.org", "$ev/ent", []],
    [
      "matrix:roomid/opaque:example.org/e/event?via=a.example",
      "!opaque:example.org",
      "$event",
      ["a.example"],
    ],
    ["matrix:r/choir:example.org/event/event", "#choir:example.org", "$event", []],
  ])("reads the event in %s", (link, roomIdOrAlias, eventId, via) => {
    expect(parseMatrixLink(link)).toEqual({ kind: "event", roomIdOrAlias, eventId, via });
  });

  it.each([
    "",
    "@alice:example.org",
    "https://matrix.to/",
    "https://matrix.to/#/",
    "https://matrix.to/#/alice:example.org",
    "https://matrix.to/#/@alice",
    "https://matrix.to/#/@alice:example.org:70000",
    "https://matrix.to/#/%E0%A4%A",
    "https://matrix.to/#/!opaque:example.org/event",
    "https://matrix.to.evil.example/#/@alice:example.org",
    "https://evil.example/?https://matrix.to/#/@alice:example.org",
    "matrix:",
    "matrix:u",
    "matrix:u/",
    "matrix:group/choir:example.org",
    "matrix:constructor/choir:example.org",
    "matrix:r/choir:example.org/x/event",
    "matrix:u/alice:example.org/e/event",
    "matrix:r/choir:example.org/e/",
    `https://matrix.to/#/@alice:example.org?${"a".repeat(5_000)}`,
  ])("refuses %j", (text) => {
    expect(parseMatrixLink(text)).toBeNull();
  });
});

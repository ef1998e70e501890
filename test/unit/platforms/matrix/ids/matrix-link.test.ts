import { describe, expect, it } from "vitest";
import { parseMatrixLink } from "../../../../../src/platforms/matrix/ids/matrix-link.ts";

describe("parseMatrixLink", () => {
  it.each([
    { link: "https://matrix.to/#/@alice:example.org", userId: "@alice:example.org" },
    { link: "https://matrix.to/#/%40alice%3Aexample.org", userId: "@alice:example.org" },
    { link: "http://www.matrix.to/#/@alice:example.org/", userId: "@alice:example.org" },
    { link: "https://matrix.to/#/@alice:example.org?web-instance=element.io", userId: "@alice:example.org" },
    { link: "https://matrix.to/#/@bridge/alice:example.org", userId: "@bridge/alice:example.org" },
    { link: "https://matrix.to/#/@alice:localhost:8448", userId: "@alice:localhost:8448" },
    { link: "matrix:u/alice:example.org", userId: "@alice:example.org" },
    { link: "matrix:u/alice:example.org?action=chat", userId: "@alice:example.org" },
    { link: "MATRIX:user/alice%3Aexample.org", userId: "@alice:example.org" },
    { link: "matrix://example.net/u/alice:example.org", userId: "@alice:example.org" },
  ])("reads the person in $link", ({ link, userId }) => {
    expect(parseMatrixLink(link)).toEqual({ kind: "user", userId });
  });

  it.each([
    { link: "https://matrix.to/#/!opaque:example.org", roomId: "!opaque:example.org", via: [] },
    {
      link: "https://matrix.to/#/!opaque%3Aexample.org?via=a.example&via=b.example%3A8448",
      roomId: "!opaque:example.org",
      via: ["a.example", "b.example:8448"],
    },
    {
      link: "https://matrix.to/#/!opaque:example.org?via=a.example&via=a.example&via=not%20a%20server&via=",
      roomId: "!opaque:example.org",
      via: ["a.example"],
    },
    {
      link: "https://matrix.to/#/!rvnQkAm1nfD7zIs5P2Z8?via=a.example",
      roomId: "!rvnQkAm1nfD7zIs5P2Z8",
      via: ["a.example"],
    },
    {
      link: "matrix:roomid/opaque:example.org?via=a.example",
      roomId: "!opaque:example.org",
      via: ["a.example"],
    },
    { link: "matrix:roomid/rvnQkAm1nfD7zIs5P2Z8", roomId: "!rvnQkAm1nfD7zIs5P2Z8", via: [] },
  ])("reads the room and its servers in $link", ({ link, roomId, via }) => {
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
    {
      link: "https://matrix.to/#/!opaque:example.org/$event:example.org?via=a.example",
      roomIdOrAlias: "!opaque:example.org",
      eventId: "$event:example.org",
      via: ["a.example"],
    },
    {
      link: "https://matrix.to/#/%21opaque%3Aexample.org/%24ev%2Fent",
      roomIdOrAlias: "!opaque:example.org",
      eventId: "$ev/ent",
      via: [],
    },
    {
      link: "https://matrix.to/#/#choir:example.org/$ev/ent",
      roomIdOrAlias: "#choir:example.org",
      eventId: "$ev/ent",
      via: [],
    },
    {
      link: "matrix:roomid/opaque:example.org/e/event?via=a.example",
      roomIdOrAlias: "!opaque:example.org",
      eventId: "$event",
      via: ["a.example"],
    },
    {
      link: "matrix:r/choir:example.org/event/event",
      roomIdOrAlias: "#choir:example.org",
      eventId: "$event",
      via: [],
    },
  ])("reads the event in $link", ({ link, roomIdOrAlias, eventId, via }) => {
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

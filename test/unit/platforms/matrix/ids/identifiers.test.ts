import { describe, expect, it } from "vitest";
import {
  isEventId,
  parseRoomAlias,
  parseRoomId,
  parseUserId,
  serverNameOf,
} from "../../../../../src/platforms/matrix/ids/identifiers.ts";

describe("parseUserId", () => {
  it.each([
    { text: "@alice:example.org", localpart: "alice", serverName: "example.org", isHistorical: false },
    {
      text: "@a.b_c=d-e/f+9:example.org:8448",
      localpart: "a.b_c=d-e/f+9",
      serverName: "example.org:8448",
      isHistorical: false,
    },
    { text: "@alice:[::1]:8448", localpart: "alice", serverName: "[::1]:8448", isHistorical: false },
    { text: "@Alice:example.org", localpart: "Alice", serverName: "example.org", isHistorical: true },
    { text: "@all{}~!?:example.org", localpart: "all{}~!?", serverName: "example.org", isHistorical: true },
    {
      text: "@ærøskøbing:example.org",
      localpart: "ærøskøbing",
      serverName: "example.org",
      isHistorical: true,
    },
    { text: "@:example.org", localpart: "", serverName: "example.org", isHistorical: true },
  ])("takes $text apart", ({ text, localpart, serverName, isHistorical }) => {
    expect(parseUserId(text)).toEqual({ userId: text, localpart, serverName, isHistorical });
  });

  it.each([
    { name: "nothing", text: "" },
    { name: "no sigil", text: "alice:example.org" },
    { name: "another sigil", text: "#alice:example.org" },
    { name: "no server", text: "@alice" },
    { name: "an empty server", text: "@alice:" },
    { name: "a server that is none", text: "@alice:exa mple.org" },
    { name: "a port above 65535", text: "@alice:example.org:70000" },
    { name: "a server that URLs read as loopback", text: "@alice:2130706433" },
    { name: "a NUL in the localpart", text: "@al\0ice:example.org" },
    { name: "half a character", text: "@al\ud800ice:example.org" },
    { name: "more than 255 bytes", text: `@${"ä".repeat(125)}:example.org` },
    { name: "a link", text: "https://matrix.to/#/@alice:example.org" },
  ])("refuses $name", ({ text }) => {
    expect(parseUserId(text)).toBeNull();
    expect(serverNameOf(text)).toBeNull();
  });

  it("names the server with its port", () => {
    expect(serverNameOf("@alice:localhost:8448")).toBe("localhost:8448");
  });
});

describe("parseRoomId", () => {
  it.each([
    ["!opaque:example.org", "example.org"],
    ["!opaque:example.org:8448", "example.org:8448"],
    ["!rvnQkAm1nfD7zIs5P2Z8Xx8GgD0qc2ZkcYcKXw4_rM8", null],
  ])("reads %s", (text, serverName) => {
    expect(parseRoomId(text)).toEqual({ roomId: text, serverName });
  });

  it.each([
    "",
    "!",
    "!:example.org",
    "#room:example.org",
    "!room:",
    "!ro om:example.org",
    "!room:exa_mple.org",
    "!room\n:example.org",
  ])("refuses %j", (text) => {
    expect(parseRoomId(text)).toBeNull();
  });
});

describe("parseRoomAlias", () => {
  it("reads an alias", () => {
    expect(parseRoomAlias("#chöre:example.org")).toEqual({
      alias: "#chöre:example.org",
      localpart: "chöre",
      serverName: "example.org",
    });
  });

  it.each([
    "",
    "#",
    "#:example.org",
    "#choir",
    "!choir:example.org",
    "#cho ir:example.org",
    "#choir:example.org:99999",
  ])("refuses %j", (text) => {
    expect(parseRoomAlias(text)).toBeNull();
  });
});

describe("isEventId", () => {
  it.each([
    ["$opaque:example.org", true],
    ["$Rqnc-F-dvnEYJTyHq_iKxU2bZ1CI92-kuZq3a5lr5Zg", true],
    ["$acR1l0raoZnm60CBwAVgqbZqoO/mYU81xysh1u7XcJk", true],
    ["$", false],
    ["acR1l0raoZnm60", false],
    ["$a b", false],
  ])("%s: %s", (text, expected) => {
    expect(isEventId(text)).toBe(expected);
  });
});

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
    ["@alice:example.org", "alice", "example.org", false],
    ["@a.b_c=d-e/f+9:example.org:8448", "a.b_c=d-e/f+9", "example.org:8448", false],
    ["@alice:[::1]:8448", "alice", "[::1]:8448", false],
    ["@Alice:example.org", "Alice", "example.org", true],
    ["@all{}~!?:example.org", "all{}~!?", "example.org", true],
    ["@ærøskøbing:example.org", "ærøskøbing", "example.org", true],
    ["@:example.org", "", "example.org", true],
  ])("takes %s apart", (text, localpart, serverName, isHistorical) => {
    expect(parseUserId(text)).toEqual({ userId: text, localpart, serverName, isHistorical });
  });

  it.each([
    ["nothing", ""],
    ["no sigil", "alice:example.org"],
    ["another sigil", "#alice:example.org"],
    ["no server", "@alice"],
    ["an empty server", "@alice:"],
    ["a server that is none", "@alice:exa mple.org"],
    ["a port above 65535", "@alice:example.org:70000"],
    ["a server that URLs read as loopback", "@alice:2130706433"],
    ["a NUL in the localpart", "@al\0ice:example.org"],
    ["half a character", "@al\ud800ice:example.org"],
    ["more than 255 bytes", `@${"ä".repeat(125)}:example.org`],
    ["a link", "https://matrix.to/#/@alice:example.org"],
  ])("refuses %s", (_what, text) => {
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

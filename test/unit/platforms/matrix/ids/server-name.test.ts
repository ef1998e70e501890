import { describe, expect, it } from "vitest";
import { parseServerName } from "../../../../../src/platforms/matrix/ids/server-name.ts";

describe("parseServerName", () => {
  it.each([
    ["example.org", "example.org", null],
    ["example.org:8448", "example.org", 8448],
    ["localhost:8449", "localhost", 8449],
    ["1.2.3.4", "1.2.3.4", null],
    ["1.2.3.4:1234", "1.2.3.4", 1234],
    ["[1234:5678::abcd]", "[1234:5678::abcd]", null],
    ["[::1]:65535", "[::1]", 65_535],
    ["xn--bcher-kva.example", "xn--bcher-kva.example", null],
    ["Example.ORG", "Example.ORG", null],
    ["4chan.example", "4chan.example", null],
    ["example.4u", "example.4u", null],
  ])("takes %s apart", (text, hostname, port) => {
    expect(parseServerName(text)).toEqual({ serverName: text, hostname, port });
  });

  it.each([
    ["nothing", ""],
    ["a port above 65535", "example.org:65536"],
    ["a port of six digits", "example.org:008448"],
    ["port 0", "example.org:0"],
    ["a colon without a port", "example.org:"],
    ["two ports", "example.org:1:2"],
    ["a port that is no number", "example.org:http"],
    ["a bare IPv6 address", "::1"],
    ["an IPv6 address that is none", "[1::2::3]"],
    ["an open bracket", "[::1"],
    ["an IPv6 zone", "[fe80::1%eth0]"],
    ["a number that URLs read as an address", "2130706433"],
    ["a hexadecimal number", "0x7f000001"],
    ["a short address", "127.1"],
    ["an octal address", "0177.0.0.1x.1"],
    ["an address beyond 255", "1.2.3.256"],
    ["an underscore", "my_server.example"],
    ["a letter beyond ASCII", "bücher.example"],
    ["a path", "example.org/path"],
    ["user information", "user@example.org"],
    ["white space", "example .org"],
    ["a line break at the end", "example.org\n"],
    ["an empty label", "example..org"],
    ["a dot at the end", "example.org."],
    ["a label of 64 characters", `${"a".repeat(64)}.org`],
    ["more than 255 characters", `${"a.".repeat(127)}org`],
    ["a percent sign", "example%2eorg"],
  ])("refuses %s", (_what, text) => {
    expect(parseServerName(text)).toBeNull();
  });
});

import { describe, expect, it } from "vitest";
import { parseServerName } from "../../../../../src/platforms/matrix/ids/server-name.ts";

describe("parseServerName", () => {
  it.each([
    { text: "example.org", hostname: "example.org", port: null },
    { text: "example.org:8448", hostname: "example.org", port: 8448 },
    { text: "localhost:8449", hostname: "localhost", port: 8449 },
    { text: "1.2.3.4", hostname: "1.2.3.4", port: null },
    { text: "1.2.3.4:1234", hostname: "1.2.3.4", port: 1234 },
    { text: "[1234:5678::abcd]", hostname: "[1234:5678::abcd]", port: null },
    { text: "[::1]:65535", hostname: "[::1]", port: 65_535 },
    { text: "xn--bcher-kva.example", hostname: "xn--bcher-kva.example", port: null },
    { text: "Example.ORG", hostname: "Example.ORG", port: null },
    { text: "4chan.example", hostname: "4chan.example", port: null },
    { text: "example.4u", hostname: "example.4u", port: null },
  ])("takes $text apart", ({ text, hostname, port }) => {
    expect(parseServerName(text)).toEqual({ serverName: text, hostname, port });
  });

  it.each([
    { name: "nothing", text: "" },
    { name: "a port above 65535", text: "example.org:65536" },
    { name: "a port of six digits", text: "example.org:008448" },
    { name: "port 0", text: "example.org:0" },
    { name: "a colon without a port", text: "example.org:" },
    { name: "two ports", text: "example.org:1:2" },
    { name: "a port that is no number", text: "example.org:http" },
    { name: "a bare IPv6 address", text: "::1" },
    { name: "an IPv6 address that is none", text: "[1::2::3]" },
    { name: "an open bracket", text: "[::1" },
    { name: "an IPv6 zone", text: "[fe80::1%eth0]" },
    { name: "a number that URLs read as an address", text: "2130706433" },
    { name: "a hexadecimal number", text: "0x7f000001" },
    { name: "a short address", text: "127.1" },
    { name: "an octal address", text: "0177.0.0.1x.1" },
    { name: "an address beyond 255", text: "1.2.3.256" },
    { name: "an underscore", text: "my_server.example" },
    { name: "a letter beyond ASCII", text: "bücher.example" },
    { name: "a path", text: "example.org/path" },
    { name: "user information", text: "user@example.org" },
    { name: "white space", text: "example .org" },
    { name: "a line break at the end", text: "example.org\n" },
    { name: "an empty label", text: "example..org" },
    { name: "a dot at the end", text: "example.org." },
    { name: "a label of 64 characters", text: `${"a".repeat(64)}.org` },
    { name: "more than 255 characters", text: `${"a.".repeat(127)}org` },
    { name: "a percent sign", text: "example%2eorg" },
  ])("refuses $name", ({ text }) => {
    expect(parseServerName(text)).toBeNull();
  });
});

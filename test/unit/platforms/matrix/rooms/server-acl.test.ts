import { describe, expect, it } from "vitest";
import { isAclUndecided, isServerAllowed } from "../../../../../src/platforms/matrix/rooms/server-acl.ts";
import { readServerAcl } from "../../../../../src/platforms/matrix/rooms/state-content.ts";
import { ABSENT, UNREAD } from "../../../../../src/platforms/matrix/rooms/state-read.ts";

describe("a server ACL", () => {
  it.each<{ name: string; content: unknown; serverName: string; isAllowed: boolean }>([
    { name: "allow all", content: { allow: ["*"] }, serverName: "new.example", isAllowed: true },
    { name: "no allow denies all", content: { deny: [] }, serverName: "new.example", isAllowed: false },
    { name: "empty allow denies all", content: { allow: [] }, serverName: "new.example", isAllowed: false },
    { name: "allow is no list", content: { allow: "*" }, serverName: "new.example", isAllowed: false },
    {
      name: "entries that are no text are passed over",
      content: { allow: [5, null, "new.*"] },
      serverName: "new.example",
      isAllowed: true,
    },
    {
      name: "deny beats allow",
      content: { allow: ["*"], deny: ["*.example"] },
      serverName: "new.example",
      isAllowed: false,
    },
    {
      name: "a question mark is one character",
      content: { allow: ["ne?.example"] },
      serverName: "new.example",
      isAllowed: true,
    },
    {
      name: "a question mark is not none",
      content: { allow: ["new?.example"] },
      serverName: "new.example",
      isAllowed: false,
    },
    {
      name: "a dot is a dot",
      content: { allow: ["newxexample", "new.exampl"] },
      serverName: "new.example",
      isAllowed: false,
    },
    {
      name: "case does not count",
      content: { allow: ["NEW.example"] },
      serverName: "new.EXAMPLE",
      isAllowed: true,
    },
    {
      name: "the port does not count",
      content: { allow: ["localhost"] },
      serverName: "localhost:8448",
      isAllowed: true,
    },
    {
      name: "a port in the pattern matches nothing",
      content: { allow: ["localhost:8448"] },
      serverName: "localhost:8448",
      isAllowed: false,
    },
    {
      name: "IP literals are allowed by default",
      content: { allow: ["*"] },
      serverName: "127.0.0.1:8448",
      isAllowed: true,
    },
    {
      name: "IP literals may be shut out",
      content: { allow: ["*"], allow_ip_literals: false },
      serverName: "127.0.0.1:8448",
      isAllowed: false,
    },
    {
      name: "IPv6 too",
      content: { allow: ["*"], allow_ip_literals: false },
      serverName: "[::1]:8448",
      isAllowed: false,
    },
    {
      name: "only false shuts them out",
      content: { allow: ["*"], allow_ip_literals: "no" },
      serverName: "[::1]",
      isAllowed: true,
    },
    {
      name: "a name of digits and dots is no IP literal",
      content: { allow: ["*"], allow_ip_literals: false },
      serverName: "1.2.3.example",
      isAllowed: true,
    },
    { name: "no object", content: [], serverName: "new.example", isAllowed: false },
  ])("$name", ({ content, serverName, isAllowed }) =>
    expect(isServerAllowed(readServerAcl(content), serverName)).toBe(isAllowed),
  );

  it("lets everyone in if there is none, or none was read", () => {
    expect([isServerAllowed(ABSENT, "x"), isServerAllowed(UNREAD, "x")]).toEqual([true, true]);
  });
});

describe("a server ACL of too many patterns", () => {
  const deny = Array.from({ length: 6_000 }, (_, index) => `*${index}*z*`);
  const acl = readServerAcl({ allow: ["*"], deny });

  it("allows no server beyond its budget, and has no answer about it", () => {
    const servers = Array.from({ length: 100 }, (_, index) => `server${index}.example`);
    const allowed = servers.filter((serverName) => isServerAllowed(acl, serverName));
    expect(allowed).toEqual(servers.slice(0, allowed.length));
    expect(allowed.length).toBeGreaterThan(7);
    expect(allowed.length).toBeLessThan(50);
    expect([isAclUndecided(acl, "server0.example"), isAclUndecided(acl, "server99.example")]).toEqual([
      false,
      true,
    ]);
  });

  it("is malformed if it is larger than an event can be", () => {
    const large = readServerAcl({
      allow: ["*"],
      deny: Array.from({ length: 9_000 }, (_, index) => `*${index}*zzzz*`),
    });
    expect(large.kind).toBe("malformed");
  });
});

import { describe, expect, it } from "vitest";
import { isServerAllowed } from "../../../../../src/platforms/matrix/rooms/server-acl.ts";
import { readServerAcl } from "../../../../../src/platforms/matrix/rooms/state-content.ts";
import { ABSENT, UNREAD } from "../../../../../src/platforms/matrix/rooms/state-read.ts";

describe("a server ACL", () => {
  it.each<[string, unknown, string, boolean]>([
    ["allow all", { allow: ["*"] }, "new.example", true],
    ["no allow denies all", { deny: [] }, "new.example", false],
    ["empty allow denies all", { allow: [] }, "new.example", false],
    ["allow is no list", { allow: "*" }, "new.example", false],
    ["entries that are no text are passed over", { allow: [5, null, "new.*"] }, "new.example", true],
    ["deny beats allow", { allow: ["*"], deny: ["*.example"] }, "new.example", false],
    ["a question mark is one character", { allow: ["ne?.example"] }, "new.example", true],
    ["a question mark is not none", { allow: ["new?.example"] }, "new.example", false],
    ["a dot is a dot", { allow: ["newxexample", "new.exampl"] }, "new.example", false],
    ["case does not count", { allow: ["NEW.example"] }, "new.EXAMPLE", true],
    ["the port does not count", { allow: ["localhost"] }, "localhost:8448", true],
    ["a port in the pattern matches nothing", { allow: ["localhost:8448"] }, "localhost:8448", false],
    ["IP literals are allowed by default", { allow: ["*"] }, "127.0.0.1:8448", true],
    ["IP literals may be shut out", { allow: ["*"], allow_ip_literals: false }, "127.0.0.1:8448", false],
    ["IPv6 too", { allow: ["*"], allow_ip_literals: false }, "[::1]:8448", false],
    ["only false shuts them out", { allow: ["*"], allow_ip_literals: "no" }, "[::1]", true],
    [
      "a name of digits and dots is no IP literal",
      { allow: ["*"], allow_ip_literals: false },
      "1.2.3.example",
      true,
    ],
    ["no object", [], "new.example", false],
  ])("%s", (_, content, serverName, isAllowed) =>
    expect(isServerAllowed(readServerAcl(content), serverName)).toBe(isAllowed),
  );

  it("lets everyone in where there is none, or none is told", () => {
    expect([isServerAllowed(ABSENT, "x"), isServerAllowed(UNREAD, "x")]).toEqual([true, true]);
  });
});

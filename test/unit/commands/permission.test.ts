import { describe, expect, it } from "vitest";
import { createPermission } from "../../../src/commands/permission.ts";

describe("who may use the bot", () => {
  it.each<[string, string, boolean]>([
    ["@*:example.org", "@me:example.org", true],
    ["@*:example.org", "@me:example.com", false],
    ["@*:example.org", "@me:sub.example.org", false],
    ["@*:example.org", "@me:exampleXorg", false],
    ["@*:example.org", "@me:example.org.evil.com", false],
    ["@*:example.org", "@a:evil.com:example.org", false],
    ["@*:example.org", "me:example.org", false],
    ["@me:example.org", "@me:example.org", true],
    ["@me:example.org", "@metoo:example.org", false],
    ["@m?:example.org", "@me:example.org", true],
    ["@m?:example.org", "@m:example.org", false],
    ["@a.b+c:example.org", "@a.b+c:example.org", true],
    ["@a.b+c:example.org", "@aXbbc:example.org", false],
    ["example.org", "@me:example.org", true],
    ["example.org", "@me:example.org:8448", false],
    ["*.example.org", "@me:a.example.org", true],
    ["*.example.org", "@me:example.org", false],
    ["*.example.org", "@x.example.org:evil.com", false],
    ["@*:*", "@me:anywhere.net", true],
    ["*", "@me:anywhere.net", true],
    ["*", "nobody", false],
    ["@[a]*:example.org", "@me:example.org", false],
    ["@****************:example.org", "@me:example.org", true],
  ])("%s lets %s in: %s", (glob, userId, isPermitted) => {
    expect(createPermission({ allow: [glob], operators: [] })(userId)).toBe(isPermitted);
  });

  it("operators may, and nobody when the list is empty", () => {
    expect(createPermission({ allow: [], operators: ["@admin:x.org"] })("@admin:x.org")).toBe(true);
    expect(createPermission({ allow: [], operators: [] })("@admin:x.org")).toBe(false);
  });
});

import { describe, expect, it } from "vitest";
import { createPermission } from "../../../src/commands/permission.ts";

describe("who may use the bot", () => {
  it.each<{ glob: string; userId: string; isPermitted: boolean }>([
    { glob: "@*:example.org", userId: "@me:example.org", isPermitted: true },
    { glob: "@*:example.org", userId: "@me:example.com", isPermitted: false },
    { glob: "@*:example.org", userId: "@me:sub.example.org", isPermitted: false },
    { glob: "@*:example.org", userId: "@me:exampleXorg", isPermitted: false },
    { glob: "@*:example.org", userId: "@me:example.org.evil.com", isPermitted: false },
    { glob: "@*:example.org", userId: "@a:evil.com:example.org", isPermitted: false },
    { glob: "@*:example.org", userId: "me:example.org", isPermitted: false },
    { glob: "@me:example.org", userId: "@me:example.org", isPermitted: true },
    { glob: "@me:example.org", userId: "@metoo:example.org", isPermitted: false },
    { glob: "@m?:example.org", userId: "@me:example.org", isPermitted: true },
    { glob: "@m?:example.org", userId: "@m:example.org", isPermitted: false },
    { glob: "@a.b+c:example.org", userId: "@a.b+c:example.org", isPermitted: true },
    { glob: "@a.b+c:example.org", userId: "@aXbbc:example.org", isPermitted: false },
    { glob: "example.org", userId: "@me:example.org", isPermitted: true },
    { glob: "example.org", userId: "@me:example.org:8448", isPermitted: false },
    { glob: "*.example.org", userId: "@me:a.example.org", isPermitted: true },
    { glob: "*.example.org", userId: "@me:example.org", isPermitted: false },
    { glob: "*.example.org", userId: "@x.example.org:evil.com", isPermitted: false },
    { glob: "@*:*", userId: "@me:anywhere.net", isPermitted: true },
    { glob: "*", userId: "@me:anywhere.net", isPermitted: true },
    { glob: "*", userId: "nobody", isPermitted: false },
    { glob: "@[a]*:example.org", userId: "@me:example.org", isPermitted: false },
    { glob: "@****************:example.org", userId: "@me:example.org", isPermitted: true },
  ])("$glob lets $userId in: $isPermitted", ({ glob, userId, isPermitted }) => {
    expect(createPermission({ allow: [glob], operators: [] })(userId)).toBe(isPermitted);
  });

  it("operators may, and nobody when the list is empty", () => {
    expect(createPermission({ allow: [], operators: ["@admin:x.org"] })("@admin:x.org")).toBe(true);
    expect(createPermission({ allow: [], operators: [] })("@admin:x.org")).toBe(false);
  });
});

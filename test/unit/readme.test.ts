import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { specifications } from "../../src/commands/registry.ts";
import { usageLine } from "../../src/view/dialogue/mistakes.ts";

const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");

it("has the commands in the README as they are in the registry", () => {
  const rows = [...readme.matchAll(/^\| `(!.+)` \| (.+) \|$/gmu)].map(([, usage, summary]) => ({
    usage,
    summary,
  }));
  const registered = specifications.map((specification) => ({
    usage: usageLine(specification, "!").replaceAll("|", "\\|"),
    summary: specification.summary,
  }));
  expect(rows).toEqual(registered);
});

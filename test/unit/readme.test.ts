import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { brokenPage, repositoryAt } from "../../config/citations.ts";
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

it("has no link, path or citation in any page that leads nowhere", () => {
  const repository = repositoryAt(fileURLToPath(new URL("../..", import.meta.url)));
  const pages = [...repository.files].filter((file) => file.endsWith(".md"));
  expect(pages).toContain("README.md");
  const broken = pages.map((from) => ({
    from,
    broken: brokenPage(repository.read(from), { from, repository }),
  }));
  expect(broken.filter((page) => page.broken.length > 0)).toEqual([]);
});

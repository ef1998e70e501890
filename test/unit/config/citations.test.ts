import { describe, expect, it } from "vitest";
import { brokenCitations, brokenPage } from "../../../config/citations.ts";

const pages: Readonly<Record<string, string>> = {
  "README.md": "# Mover\n\n## Run it\n",
  "src/view/README.md": "# View\n\n## Edits\n\n## What `clients` show\n",
  "src/queue/limiter.ts": "",
  "src/config/load.ts": "",
};
const repository = { files: new Set(Object.keys(pages)), read: (path: string) => pages[path] ?? "" };

describe("citations in comments", () => {
  const cases: { citation: string; comment: string; broken: string[] }[] = [
    { citation: "a page from the root", comment: "See src/view/README.md.", broken: [] },
    { citation: "a page from src", comment: "See `view/README.md`.", broken: [] },
    { citation: "a section that is there", comment: 'An edit (view/README.md, "Edits").', broken: [] },
    {
      citation: "a section on the next line",
      comment: '* An edit (view/README.md,\n * "Edits").',
      broken: [],
    },
    {
      citation: "a section with code in its title",
      comment: '`view/README.md`, "What clients show"',
      broken: [],
    },
    {
      citation: "a section that is not there",
      comment: 'An edit (view/README.md, "Colours").',
      broken: ['view/README.md has no section "Colours".'],
    },
    {
      citation: "a page that is not there",
      comment: "Measured (facts.md, section 2).",
      broken: ["facts.md is not in the repository."],
    },
    { citation: "a source file by its name", comment: "Rules over several keys are in load.ts.", broken: [] },
    { citation: "a source file by the end of its path", comment: "As `queue/limiter.ts` does.", broken: [] },
    {
      citation: "a source file that moved",
      comment: "As `network/limiter.ts` does.",
      broken: ["network/limiter.ts is not in the repository."],
    },
    {
      citation: "a file of a project it names",
      comment: "Synapse asks first (handlers/room.py).",
      broken: [],
    },
    {
      citation: "a file of a project it does not name",
      comment: "The server asks first (handlers/room.py).",
      broken: ["handlers/room.py is not in the repository."],
    },
    {
      citation: "a page beside the name of a project",
      comment: "Synapse asks first (facts.md).",
      broken: ["facts.md is not in the repository."],
    },
    { citation: "an address", comment: "See https://example.org/facts.md for more.", broken: [] },
    { citation: "files that are meant as a kind", comment: "Every *.test.ts file.", broken: [] },
    { citation: "a package with a name like a file", comment: "ipaddr.js reads it.", broken: [] },
  ];

  it.each(cases)("judges $citation", ({ comment, broken }) => {
    expect(brokenCitations(comment, { from: "src/config/schema.ts", repository })).toEqual(broken);
  });
});

describe("links and paths of a page", () => {
  const cases: { what: string; page: string; broken: string[] }[] = [
    { what: "a link that leads to a file", page: "[view](src/view/README.md)", broken: [] },
    { what: "a link to a section", page: "[how](#run-it) and [edits](src/view/README.md#edits)", broken: [] },
    { what: "a link to the web", page: "[spec](https://spec.matrix.org/)", broken: [] },
    { what: "a broken link", page: "[x](docs/x.md)", broken: ["The link docs/x.md leads nowhere."] },
    { what: "a broken anchor", page: "[x](#nowhere)", broken: ["The link #nowhere leads nowhere."] },
    { what: "a folder that is there", page: "| `src/queue` | runs steps |", broken: [] },
    {
      what: "a folder that is not there",
      page: "| `src/migration` | the model |",
      broken: ["src/migration is not in the repository."],
    },
    { what: "an example", page: "```\nfacts.md\n```", broken: [] },
  ];

  it.each(cases)("judges $what", ({ page, broken }) => {
    expect(brokenPage(page, { from: "README.md", repository })).toEqual(broken);
  });
});

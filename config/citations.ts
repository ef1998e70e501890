// Finds citations that lead nowhere: files and sections that a comment or a page names and that
// are not in the repository.
import { readFileSync, readdirSync } from "node:fs";
import { posix } from "node:path";

/** What citations are checked against. */
export interface Repository {
  /** The path of every file from the root. */
  readonly files: ReadonlySet<string>;
  /** The text of one of them. */
  read(path: string): string;
}

/** The place of a text: the path of its file from the root. */
export interface Place {
  readonly from: string;
  readonly repository: Repository;
}

const FILE_NAME =
  /(?<![\w*<{$/.@-])(?:[\w@.-]+\/)*[\w-][\w.-]*\.(?:md|txt|ya?ml|toml|sql|ts|mjs|js|json|py|rs)\b(?![\w(]|\.\w)/gu;
/** The name of a page is followed by a comma and the title of a section in quotes. */
const SECTION = /^`?,? ["“]([^"”]+)["”]/u;

/** Projects whose files a comment may name, if it names the project too. */
const OTHER_PROJECT =
  /\b(?:Synapse|Dendrite|Conduit|continuwuity|Element|Matrix Authentication Service|MAS|MSC\d+|matrix-(?:js|rust|bot)-sdk|Mastodon|GoToSocial)\b|synapse\//u;
/** Packages whose names look like files, and files that programs write while they run. */
const NO_CITATION = new Set(["Node.js", "ipaddr.js", "bot.config.yaml", "homeserver.yaml", "pair.json"]);
const NOT_IN_REPOSITORY = new Set([".git", ".cache", "node_modules", "data"]);

/** The repository in a folder, listed once. */
export function repositoryAt(root: string): Repository {
  const files = new Set<string>();
  const folders = [""];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of readdirSync(posix.join(root, folder), { withFileTypes: true })) {
      if (NOT_IN_REPOSITORY.has(entry.name)) continue;
      const path = posix.join(folder, entry.name);
      if (entry.isDirectory()) folders.push(path);
      else files.add(path);
    }
  }
  return { files, read: (path) => readFileSync(posix.join(root, path), "utf8") };
}

/**
 * What is wrong with the citations of a comment or a paragraph. A page is cited by its path from
 * the citing file, from the root or from `src`; a source file also by the end of its path.
 */
export function brokenCitations(text: string, { from, repository }: Place): string[] {
  const prose = text.replaceAll(/https?:\/\/\S+/gu, "").replaceAll(/\s+(?:(?:\*|\/\/)\s)?\s*/gu, " ");
  return [...prose.matchAll(FILE_NAME)].flatMap((match) => {
    const [name] = match;
    if (NO_CITATION.has(name)) return [];
    const path = citedPath(name, { from, repository });
    if (path === null) {
      const isOfOthers = OTHER_PROJECT.test(prose) && !/^[^/]*\.md$/u.test(name);
      return isOfOthers ? [] : [`${name} is not in the repository.`];
    }
    const section = SECTION.exec(prose.slice(match.index + name.length))?.[1];
    const hasSection = section === undefined || headings(repository.read(path)).includes(section);
    return hasSection ? [] : [`${name} has no section "${section}".`];
  });
}

/** The same for a Markdown page, and what is wrong with its relative links and paths. */
export function brokenPage(page: string, place: Place): string[] {
  const { from, repository } = place;
  const prose = page.replaceAll(/^(```|~~~).*?^\1/gmsu, "");
  const links = [...prose.matchAll(/\]\(([^)\s]+)\)/gu)].flatMap(([, target = ""]) =>
    /^[a-z]+:/u.test(target) || leadsSomewhere(target, place) ? [] : [`The link ${target} leads nowhere.`],
  );
  const paths = [...prose.matchAll(/`((?:src|test|config)(?:\/[\w@.-]+)*)\/?`/gu)].flatMap(([, path = ""]) =>
    isFileOrFolder(path, repository) ? [] : [`${path} is not in the repository.`],
  );
  const citations = prose
    .replaceAll(/\]\([^)\s]+\)/gu, "]")
    .split(/\n\s*\n/u)
    .flatMap((paragraph) => brokenCitations(paragraph, { from, repository }));
  return [...new Set([...links, ...paths, ...citations])];
}

function citedPath(name: string, { from, repository: { files } }: Place): string | null {
  const folders = [posix.dirname(from), "", "src"];
  const near = folders.map((folder) => posix.join(folder, name)).find((path) => files.has(path));
  if (near !== undefined || name.endsWith(".md")) return near ?? null;
  return files.values().find((path) => path.endsWith(`/${name}`)) ?? null;
}

function leadsSomewhere(target: string, { from, repository }: Place): boolean {
  const [file = "", anchor] = target.split("#");
  const path = file === "" ? from : posix.join(posix.dirname(from), file);
  if (!isFileOrFolder(path, repository)) return false;
  return anchor === undefined || headings(repository.read(path)).map(anchorOf).includes(anchor);
}

function isFileOrFolder(path: string, { files }: Repository): boolean {
  return files.has(path) || files.values().some((file) => file.startsWith(`${path.replace(/\/$/u, "")}/`));
}

function headings(page: string): string[] {
  return [...page.matchAll(/^#{1,6} +(.+?) *$/gmu)].map(([, title = ""]) => title.replaceAll("`", ""));
}

/** As GitHub makes it. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\d _-]/gu, "")
    .replaceAll(" ", "-");
}

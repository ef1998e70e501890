import { ElementType, parseDocument } from "htmlparser2";
import type { ChildNode } from "domhandler";
import { parseMatrixLink } from "../platforms/matrix/ids/matrix-link.ts";

/** How the bot is called. */
export interface BotNames {
  prefix: string;
  userId: string;
  /** Its display name, if it has one. */
  displayName: string | null;
}

export interface MessageText {
  body: string;
  /**
   * HTML, in which a client puts mention pills; the body has only the person's name then (seen,
   * rendering.md section 3).
   */
  formattedBody: string | null;
}

/**
 * The command line in a message: what follows the prefix, the bot's name or a mention of it. Null
 * when the message is not addressed to the bot. Mention pills stand in it as the user IDs they link
 * to.
 */
export function commandLine(message: MessageText, names: BotNames): string | null {
  const text = resolvePills(withoutReplyFallback(message.body), message.formattedBody).trim();
  const afterPrefix = stripPrefix(text, names.prefix);
  if (afterPrefix !== null) return afterPrefix;
  const afterName = stripName(text, names);
  return afterName === null ? null : (stripPrefix(afterName, names.prefix) ?? afterName);
}

/**
 * What a message says, whether to the bot or not: without the prefix, the bot's name, and what it
 * quotes.
 */
export function spokenText(message: MessageText, names: BotNames): string {
  return (commandLine(message, names) ?? withoutReplyFallback(message.body)).trim();
}

/** Old clients quote what is replied to in the body (CS API §Rich replies, removed in v1.13). */
function withoutReplyFallback(body: string): string {
  return body.startsWith("> <") ? body.replace(/^(?:>.*(?:\n|$))+\n?/u, "") : body;
}

function stripPrefix(text: string, prefix: string): string | null {
  if (!text.startsWith(prefix)) return null;
  const rest = text.slice(prefix.length).trim();
  // "!!!" and "!?" are exclamations, not commands; a bare prefix is an empty command.
  return rest === "" || /^[\p{L}\d]/u.test(rest) ? rest : null;
}

function stripName(text: string, names: BotNames): string | null {
  const localpart = names.userId.slice(1, names.userId.indexOf(":"));
  const candidates = [names.userId, names.displayName ?? "", `@${localpart}`, localpart].filter(
    (name) => name !== "",
  );
  for (const name of candidates) {
    if (text.slice(0, name.length).toLowerCase() !== name.toLowerCase()) continue;
    const rest = text.slice(name.length);
    // "@mover:elsewhere.org" is somebody else, and "mover:help" is not.
    const isWhole = name.startsWith("@") ? /^(?:$|\s|[:,](?:\s|$))/u.test(rest) : /^(?:$|[\s:,])/u.test(rest);
    if (isWhole) return rest.replace(/^[\s:,]+/u, "");
  }
  return null;
}

/** Some clients write a mention into the body as Markdown. */
const markdownLink = /\[[^[\]\n]{1,255}\]\(<?([^\s()<>]{1,1000})>?\)/gu;

/**
 * Puts in place of each pill's text the ID it links to. Where that text stands in the body more
 * than once, the one meant is the one before which it stands as often as in the HTML: so equal
 * names of two people stay apart, and a name that is also an ordinary word.
 */
function resolvePills(body: string, formattedBody: string | null): string {
  const withoutMarkdown = body.replace(markdownLink, (link, address: string) => idOfLink(address) ?? link);
  if (withoutMarkdown !== body || !formattedBody?.includes("matrix.to")) return withoutMarkdown;
  let result = "";
  let at = 0;
  for (const { text, id, textBefore } of pills(formattedBody)) {
    const found = indexAfter(body, text, textBefore.split(text).length - 1);
    if (found < at) continue;
    result += body.slice(at, found) + id;
    at = found + text.length;
  }
  return result + body.slice(at);
}

/** Where a text stands after so many others of its kind; -1 where it does not. */
function indexAfter(body: string, text: string, others: number): number {
  let found = body.indexOf(text);
  for (let passed = 0; passed < others && found !== -1; passed++)
    found = body.indexOf(text, found + text.length);
  return found;
}

interface Pill {
  text: string;
  id: string;
  textBefore: string;
}

/** More people than this are not named in a command line. */
const MAX_PILLS = 50;

function pills(html: string): Pill[] {
  const found: Pill[] = [];
  let textBefore = "";
  const pending: ChildNode[] = [...parseDocument(html).children].reverse();
  for (let node = pending.pop(); node !== undefined && found.length < MAX_PILLS; node = pending.pop()) {
    if ("data" in node) textBefore += node.type === ElementType.Text ? node.data : "";
    // What old clients quote of the message replied to is no part of the body any more.
    if (!("children" in node) || ("name" in node && node.name === "mx-reply")) continue;
    const id = "attribs" in node && node.name === "a" ? idOfLink(node.attribs["href"] ?? "") : null;
    if (id === null) {
      pending.push(...[...node.children].reverse());
      continue;
    }
    const text = textOf(node.children);
    if (text.trim() !== "") found.push({ text: text.trim(), id, textBefore });
    textBefore += text;
  }
  return found;
}

/** The person or the room of a pill. Links to single messages stay what they are. */
function idOfLink(address: string): string | null {
  const target = parseMatrixLink(address);
  switch (target?.kind) {
    case "user":
      return target.userId;
    case "room":
      return target.roomId;
    case "alias":
      return target.alias;
    default:
      return null;
  }
}

/** Without recursion, since a hostile message may be nested as deep as it is long. */
function textOf(nodes: readonly ChildNode[]): string {
  let text = "";
  const pending = [...nodes].reverse();
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if ("children" in node) pending.push(...[...node.children].reverse());
    else if (node.type === ElementType.Text) text += node.data;
  }
  return text;
}

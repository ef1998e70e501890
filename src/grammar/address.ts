import type { ChildNode } from "domhandler";
import { ElementType, parseDocument } from "htmlparser2";
import { parseMatrixLink } from "../platforms/matrix/ids/matrix-link.ts";
import { withAsciiWidth } from "./characters.ts";
import { withoutInvisible, withoutMarks } from "./pasted.ts";

/** The names that address the bot. */
export interface BotNames {
  prefix: string;
  userId: string;
  /** Its display name, if it has one. */
  displayName: string | null;
}

/** The text of a message, as far as it can address the bot. */
export interface MessageText {
  body: string;
  /**
   * The HTML of the message, with mention pills. The body then has only the person's name (seen;
   * view/README.md, "What people type").
   */
  formattedBody: string | null;
  /** All other texts of the message. Clients show them elsewhere or not at all. */
  otherTexts?: readonly string[];
}

/**
 * The command line in a message: the text after the prefix, the bot's name or a mention of it.
 * Mention pills are replaced by the IDs they link to. Null if the message is not addressed to the
 * bot.
 */
export function commandLine(message: MessageText, names: BotNames): string | null {
  const spoken = resolvePills(withoutReplyFallback(message.body), message.formattedBody);
  const text = withoutInvisible(spoken).trim();
  return addressedLine(text, names) ?? addressedLine(withoutMarks(text), names);
}

function addressedLine(text: string, names: BotNames): string | null {
  const afterPrefix = stripPrefix(text, names.prefix);
  if (afterPrefix !== null) return afterPrefix;
  const afterName = stripName(text, names);
  return afterName === null ? null : (stripPrefix(withoutMarks(afterName), names.prefix) ?? afterName);
}

/**
 * The text of a message without the prefix, the bot's name and quoted text. The message need not be
 * addressed to the bot.
 */
export function spokenText(message: MessageText, names: BotNames): string {
  return (commandLine(message, names) ?? withoutReplyFallback(message.body)).trim();
}

/**
 * Old clients quote the message they reply to in the body (CS API §Rich replies, removed in v1.13).
 */
function withoutReplyFallback(body: string): string {
  return body.startsWith("> <") ? body.replace(/^(?:>.*(?:\n|$))+\n?/u, "") : body;
}

function stripPrefix(text: string, prefix: string): string | null {
  if (withAsciiWidth(text.slice(0, prefix.length)) !== withAsciiWidth(prefix)) return null;
  // After a prefix that is a word, "movers" is a word of its own and no command.
  if (/[\p{L}\d]$/u.test(prefix) && /^[\p{L}\d]/u.test(text.slice(prefix.length))) return null;
  const rest = text.slice(prefix.length).trim();
  // "!!!" and "!?" are exclamations, not commands. A prefix alone is an empty command.
  return rest === "" || /^[\p{L}\d]/u.test(rest) ? rest : null;
}

function stripName(text: string, names: BotNames): string | null {
  const localpart = names.userId.slice(1, names.userId.indexOf(":"));
  const candidates = [
    names.userId,
    withoutInvisible(names.displayName ?? "").trim(),
    `@${localpart}`,
    localpart,
  ].filter((name) => name !== "");
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
 * Replaces the text of each pill by the ID it links to. If that text is in the body more than once,
 * the right one is found by counting: it has as many equal texts before it as the pill has in the
 * HTML. So two people with the same name, or a name that is also an ordinary word, are not
 * confused.
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

/** The index of a text after this many others like it; -1 if there is none. */
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

/** The maximum number of pills that are read in one message. */
const MAX_PILLS = 50;

function pills(html: string): Pill[] {
  const found: Pill[] = [];
  let textBefore = "";
  const pending: ChildNode[] = [...parseDocument(html).children].reverse();
  for (let node = pending.pop(); node !== undefined && found.length < MAX_PILLS; node = pending.pop()) {
    if ("data" in node) textBefore += node.type === ElementType.Text ? node.data : "";
    // An old client's quote of the original message is no longer part of the body.
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

/** The user or room ID of a pill. Links to single messages are left as they are. */
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

/** The text that HTML shows. */
export function textOfHtml(html: string): string {
  return textOf(parseDocument(html).children);
}

/** Without recursion: a hostile message may be nested very deeply. */
function textOf(nodes: readonly ChildNode[]): string {
  let text = "";
  const pending = [...nodes].reverse();
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if ("children" in node) pending.push(...[...node.children].reverse());
    else if (node.type === ElementType.Text) text += node.data;
  }
  return text;
}

import { parseRoomAlias, parseRoomId, parseUserId } from "../ids/identifiers.ts";
import { isServerName } from "../ids/server-name.ts";
import { plainLine } from "./plain-line.ts";

/** Something that a text names: a room by its ID or alias, or a person. */
export interface NamedInText {
  readonly id: string;
  /** Servers to join a room through. */
  readonly via: readonly string[];
  /** The words of a link. */
  readonly name: string | null;
}

export interface IdsInLine {
  readonly rooms: readonly NamedInText[];
  readonly people: readonly NamedInText[];
  /** The first that is like an ID or a link of one, and is none. */
  readonly unread: string | null;
}

/** Characters that end an ID or a link in a text. None of them is in an ID that a server makes. */
const END = `\\s<>"'\`()\\[\\]{}|\\\\^`;
/** The rest of a link or an ID: the host may be an IPv6 address. */
const REST = (end: string, max: number): string =>
  `[^${end}]{1,${max}}(?:(?<=:)\\[[\\da-fA-F:.]{2,45}\\][^${end}]{0,${max}})?`;
const SIGIL = "(?:[!#@]|%21|%23|%40)";
/**
 * Links, in this order:
 * - of `matrix.to` (Appendices §URIs), or of an app that has the same form;
 * - of `matrix.to` within the link of something that looks at links first;
 * - of `matrix:`.
 */
const LINK = new RegExp(
  [
    `(?:/#/(?:rooms?/|user/)?|#/(?:rooms?|user)/)(${SIGIL}${REST(END, 2_000)})`,
    `matrix\\.to(?:%2f(?:#|%23)|/%23)(?:/|%2f)((?:[!#@]|%(?:25)?(?:21|23|40))[^${END}&]{1,2000})`,
    `(?<![\\p{L}\\p{N}])matrix:(?://)?(roomid|room|r|u|user)/(${REST(END, 2_000)})`,
  ].join("|"),
  "giu",
);
/** Letters and digits of scripts that put spaces between words. */
const WORD = "[[\\p{L}\\p{N}]--[\\p{sc=Han}\\p{sc=Hiragana}\\p{sc=Katakana}\\p{sc=Hangul}\\p{sc=Thai}]]";
/**
 * An ID that begins where a word does. E-mail addresses have a character before the sign, and so
 * have places within a page. Addresses of servers' APIs have IDs in percent signs.
 */
const ID = new RegExp(
  `(?:(?<!${WORD})!|(?<!${WORD}[._%+\\-]{0,4}|[\\/&])#|(?<!${WORD}[._%+&\\-]{0,4})@|(?<=(?:rooms?|users?|join|knock|profile)\\/|[=\\("'<\\s]|^)%(?:21|23|40))(?:${REST(
    `${END},;`,
    300,
  )})`.replaceAll("()\\[\\]{}|", "\\(\\)\\[\\]\\{\\}\\|"),
  "gv",
);
/** The ID of a room of version 12 or later: a hash without a server (MSC4291). */
export const HASHED_ID = /^![\w-]{43}(?![\w-])/u;
/** A server after the first colon of an ID. */
const SERVER = /^(\[[\da-f:.]{2,45}\]|[\da-z][\da-z.-]*)(:\d{1,5}(?!\d))?/iu;
/** What shows that a name goes on in letters that no server name has. */
const GOES_ON = new RegExp(`^_*${WORD}`, "v");
/** What a sentence puts behind an ID. */
const PUNCTUATION = /[.,:;!?…*_~&]+$/u;
/** What a style sheet puts behind the name of an element. */
const STYLE =
  /^(?:active|after|before|checked|disabled|empty|first|focus|hover|last|link|not|nth|target|visited)\b/u;

const SIGILS: Readonly<Record<string, string>> = { roomid: "!", room: "#", r: "#", u: "@", user: "@" };

/** The IDs, aliases and links of one line. It is read once, from left to right. */
export function idsInLine(written: string): IdsInLine {
  const line = plainLine(written);
  const rooms: NamedInText[] = [];
  const people: NamedInText[] = [];
  let unread: string | null = null;
  let rest = "";
  let end = 0;
  const take = (text: string, query: string, name: string | null): boolean => {
    const id = idOf(text);
    if (id === null) return false;
    const named = { id, via: viaOf(query), name };
    if (id.startsWith("@")) people.push(named);
    else rooms.push(named);
    return true;
  };
  for (const match of line.matchAll(LINK)) {
    const [whole, fragment, wrapped, kind, path] = match;
    const linked =
      fragment ?? (wrapped === undefined ? `${sigilOf(kind)}${path ?? ""}` : decoded(decoded(wrapped)));
    const [target, query] = splitQuery(linked);
    const name = wordsAround(line, match.index, match.index + whole.length);
    if (!take(decoded(target), query, name)) unread ??= whole;
    rest += `${line.slice(end, match.index)} `;
    end = match.index + whole.length;
  }
  rest += line.slice(end);
  for (const [word] of rest.matchAll(ID)) {
    const [target, query] = splitQuery(word);
    if (take(target, query, null) || (target.includes("%") && take(decoded(target), query, null))) continue;
    if (isLikeId(target)) unread ??= target;
  }
  return { rooms, people, unread };
}

function sigilOf(kind = ""): string {
  return SIGILS[kind.toLowerCase()] ?? "";
}

function splitQuery(text: string): [target: string, query: string] {
  const mark = text.indexOf("?");
  return mark === -1 ? [text, ""] : [text.slice(0, mark), text.slice(mark + 1)];
}

/** The ID at the start of a text, without an event after it and without punctuation. */
function idOf(text: string): string | null {
  const colon = text.indexOf(":");
  const [, host = "", port = ""] = SERVER.exec(colon > 1 ? text.slice(colon + 1) : "") ?? [];
  const trimmed = host.replace(/[.-]+$/u, "");
  const serverName = trimmed === host ? `${host}${port}` : trimmed;
  const id = `${text.slice(0, colon)}:${serverName}`;
  if (isRealServer(serverName) && !GOES_ON.test(text.slice(id.length)) && isId(id)) return id;
  return HASHED_ID.exec(text)?.[0] ?? null;
}

function isId(text: string): boolean {
  if (text.startsWith("!")) return parseRoomId(text) !== null;
  return (text.startsWith("#") ? parseRoomAlias(text) : parseUserId(text)) !== null;
}

/** A word with a colon is like an ID, unless it is a time or part of a style sheet. */
function isLikeId(text: string): boolean {
  const whole = text.replace(PUNCTUATION, "");
  const colon = whole.indexOf(":");
  const after = whole.slice(colon + 1);
  return (
    colon > 1 &&
    /[\p{L}\p{N}]/u.test(whole) &&
    !/^\d*(?:[ap]m)?$/iu.test(after) &&
    !(whole.startsWith("#") && STYLE.test(after))
  );
}

/** Servers of people have a name with a dot, or are on the machine of the bot. */
function isRealServer(serverName: string): boolean {
  return /[.[]|^localhost(?::|$)/u.test(serverName);
}

function viaOf(query: string): string[] {
  return new URLSearchParams(query)
    .getAll("via")
    .map((name) => name.replace(PUNCTUATION, ""))
    .filter(isServerName);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The longest host before the path of a link, and the longest words of a link. */
const MAX_HOST = 80;
const MAX_WORDS = 200;

/** The words of a link in Markdown (`[words](link)`) or HTML (`<a href="link">words</a>`). */
function wordsAround(line: string, start: number, end: number): string | null {
  let from = start;
  while (from > 0 && start - from < MAX_HOST && /[\w.:/-]/u.test(line[from - 1] ?? "")) from -= 1;
  if (line[from - 1] === "<") from -= 1;
  const isMarkdown = from > 1 && line.startsWith("](", from - 2);
  const words = isMarkdown ? wordsBefore(line, from - 2) : wordsAfter(line, end);
  const name = words?.trim() ?? "";
  return name === "" || /^[!#@]|^https?:|^matrix(?::|\.to)/u.test(name) ? null : name;
}

/** @param bracket where the bracket is that ends the words */
function wordsBefore(line: string, bracket: number): string | null {
  const text = line.slice(Math.max(0, bracket - MAX_WORDS), bracket);
  const opening = text.lastIndexOf("[");
  return opening === -1 ? null : text.slice(opening + 1);
}

/** Words may be bold, for instance. */
function wordsAfter(line: string, end: number): string | null {
  if (!/["']/u.test(line[end] ?? "")) return null;
  const text = line.slice(end + 1, end + MAX_WORDS * 2);
  const close = text.indexOf(">");
  const inner = text.slice(close + 1).split("</a", 1)[0] ?? "";
  const words =
    inner.length < text.length - close - 1 ? inner.replace(/<[^>]*>/gu, " ") : inner.split("<", 1)[0];
  return close === -1 ? null : (words ?? "").slice(0, MAX_WORDS);
}

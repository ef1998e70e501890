import { parseRoomAlias, parseRoomId, parseUserId } from "../ids/identifiers.ts";
import { isServerName } from "../ids/server-name.ts";

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
  /** Whether the line has something like an ID that is none. */
  readonly isUnread: boolean;
}

/** Characters that end an ID or a link in a text. None of them is in an ID that a server makes. */
const END = `\\s<>"'\`()\\[\\]{}|\\\\^`;
/** A link of `matrix.to` (Appendices §URIs), or of an app that has the same form. */
const LINK = new RegExp(
  `(?:matrix\\.to/|/)#/(?:room/|user/)?((?:[!#@]|%21|%23|%40)[^${END}]{1,2000})|matrix:(roomid|room|r|u|user)/([^${END}]{1,2000})`,
  "giu",
);
/** An ID that begins where a word does. E-mail addresses have a character before the sign. */
const ID = new RegExp(`(?<![\\p{L}\\p{N}._%+/=&-])[!#@][^${END},;]{1,300}`, "gu");
/** The ID of a room of version 12 or later: a hash without a server (MSC4291). */
export const HASHED_ID = /^![\w-]{43}$/u;
/** What a sentence puts behind an ID. */
const PUNCTUATION = /[.,:;!?…*_~&]+$/u;

const SIGILS: Readonly<Record<string, string>> = { roomid: "!", room: "#", r: "#", u: "@", user: "@" };

/** The IDs, aliases and links of one line. It is read once, from left to right. */
export function idsInLine(line: string): IdsInLine {
  const rooms: NamedInText[] = [];
  const people: NamedInText[] = [];
  let isUnread = false;
  let rest = "";
  let end = 0;
  const take = (text: string, query: string | null, name: string | null): boolean => {
    const id = idOf(text);
    if (id === null) return false;
    const named = { id, via: viaOf(query ?? ""), name };
    if (id.startsWith("@")) people.push(named);
    else rooms.push(named);
    return true;
  };
  for (const match of line.matchAll(LINK)) {
    const [whole, fragment, kind, path] = match;
    const linked = fragment ?? `${SIGILS[kind?.toLowerCase() ?? ""] ?? ""}${path ?? ""}`;
    const [target = "", query = null] = linked.split(/\?(.*)/su);
    const name = wordsAround(line, match.index, match.index + whole.length);
    if (!take(decoded(target), query, name)) isUnread = true;
    rest += `${line.slice(end, match.index)} `;
    end = match.index + whole.length;
  }
  rest += line.slice(end);
  for (const [word] of rest.matchAll(ID)) {
    const [target = "", query = null] = word.split(/\?(.*)/su);
    if (take(target, query, null)) continue;
    if (isLikeId(target)) isUnread = true;
  }
  return { rooms, people, isUnread };
}

/** The ID at the start of a text, without an event after it and without punctuation. */
function idOf(text: string): string | null {
  const colon = text.indexOf(":");
  const slash = text.indexOf("/", Math.max(colon, 1));
  const whole = (slash === -1 ? text : text.slice(0, slash)).replace(PUNCTUATION, "");
  if (HASHED_ID.test(whole)) return whole;
  if (whole.startsWith("!")) return isRealServer(parseRoomId(whole)?.serverName ?? "") ? whole : null;
  const parts = whole.startsWith("#") ? parseRoomAlias(whole) : parseUserId(whole);
  return parts !== null && parts.localpart !== "" && isRealServer(parts.serverName) ? whole : null;
}

/** A word with a colon is like an ID, unless what follows is a number, as in a time. */
function isLikeId(text: string): boolean {
  const whole = text.replace(PUNCTUATION, "");
  const colon = whole.indexOf(":");
  return colon > 1 && !/^\d*$/u.test(whole.slice(colon + 1)) && /[\p{L}\p{N}]/u.test(whole);
}

/** Servers of people have a name with a dot, or are on the machine of the bot. */
function isRealServer(serverName: string): boolean {
  return /[.[]|^localhost(?::|$)/u.test(serverName);
}

function viaOf(query: string): string[] {
  return new URLSearchParams(query.replaceAll("&amp;", "&"))
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
  const words = line.startsWith("](", from - 2) ? wordsBefore(line, from - 2) : wordsAfter(line, end);
  const name = words?.trim() ?? "";
  return name === "" || /^[!#@]|^https?:/u.test(name) ? null : name;
}

/** @param bracket where the bracket is that ends the words */
function wordsBefore(line: string, bracket: number): string | null {
  const text = line.slice(Math.max(0, bracket - MAX_WORDS), bracket);
  const opening = text.lastIndexOf("[");
  return opening === -1 ? null : text.slice(opening + 1);
}

function wordsAfter(line: string, end: number): string | null {
  if (!/["']/u.test(line[end] ?? "")) return null;
  const text = line.slice(end + 1, end + MAX_WORDS);
  const close = text.indexOf(">");
  const next = text.indexOf("<", close + 1);
  return close === -1 || next === -1 ? null : text.slice(close + 1, next);
}

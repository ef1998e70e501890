import { withAsciiWidth } from "./characters.ts";

/** A word or quoted text of a command line. */
export interface Token {
  text: string;
  isQuoted: boolean;
  /** Its start and end in the line. */
  start: number;
  end: number;
}

/**
 * The quotes that close a text, by the opening quote. Phones and word processors turn straight
 * quotes into these pairs. „…“ and »…« are German.
 */
export const closingQuotes: Readonly<Record<string, string>> = {
  '"': `"”“`,
  "“": `”"“`,
  "„": `“”"`,
  "«": "»",
  "»": "«",
  "'": "'’",
  "‘": "’'",
  "‚": "‘’'",
};

/**
 * Splits a command line into words and quoted texts. A quote counts only at the start of a word, so
 * that "I'm" stays a word.
 * @returns null if a quote is opened and not closed
 */
export function tokenize(line: string): Token[] | null {
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    at = skipSpace(line, at);
    if (at >= line.length) return tokens;
    const closing = closingQuotes[line.charAt(at)];
    if (closing === undefined) {
      const end = wordEnd(line, at);
      tokens.push({ text: withAsciiWidth(line.slice(at, end)), isQuoted: false, start: at, end });
      at = end;
      continue;
    }
    const end = quoteEnd(line, at + 1, closing);
    if (end === null) return null;
    tokens.push({ text: line.slice(at + 1, end), isQuoted: true, start: at, end: end + 1 });
    at = wordEnd(line, end + 1);
  }
}

/** A text without the pair of quotes around it, if there is one. */
export function unquote(text: string): string {
  const closing = closingQuotes[text.charAt(0)];
  return closing !== undefined && text.length > 1 && closing.includes(text.charAt(text.length - 1))
    ? text.slice(1, -1)
    : text;
}

/** The start of a flag, as a part of a pattern. Phones often turn two hyphens into one dash. */
export const flagStart = "(?:--|－－|[‒–—―]{1,2})[-－]?";
const flag = new RegExp(String.raw`^${flagStart}([\p{L}\d][\p{L}\d-]*)[^\p{L}\d\s=-]*(?:=(.*))?$`, "su");

/** The name of a `--flag`, in any form that a phone makes of it, and the text after its `=`. */
export function flagName(token: Token): { name: string; value: string | null } | null {
  if (token.isQuoted) return null;
  const match = flag.exec(token.text);
  return match?.[1] === undefined ? null : { name: match[1].toLowerCase(), value: match[2] ?? null };
}

function skipSpace(line: string, from: number): number {
  let at = from;
  while (at < line.length && /\s/u.test(line.charAt(at))) at++;
  return at;
}

function wordEnd(line: string, from: number): number {
  let at = from;
  while (at < line.length && !/\s/u.test(line.charAt(at))) at++;
  return at;
}

const afterQuote = /^[.,;:!?…。]*(?:\s|$)/u;

/**
 * The end of a quoted text. A closing quote counts only before a space or the end of the line, with
 * or without punctuation, so that a quote inside a word stays in it.
 */
function quoteEnd(line: string, from: number, closing: string): number | null {
  for (let at = from; at < line.length; at++) {
    if (closing.includes(line.charAt(at)) && afterQuote.test(line.slice(at + 1, at + 8))) return at;
  }
  return null;
}

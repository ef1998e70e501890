import { withAsciiWidth } from "./characters.ts";
import { nearestWord } from "./nearest-word.ts";
import { looksLikeSecretFlag } from "./secrets.ts";
import type { CommandMistake, CommandSpecification } from "./specification.ts";
import { closingQuotes, flagStart } from "./tokens.ts";

/** The secrets of a command line, and the text around them. */
export interface TakenSecrets {
  /** The line without its secrets and their flags. */
  before: string;
  /** The text between and after the secrets. */
  after: string;
  secrets: Record<string, string>;
  /** The flag of a secret without quotes that reaches to the end of the line; else `null`. */
  lastUnquoted: string | null;
  mistake: CommandMistake | null;
}

const flagPattern = String.raw`${flagStart}([\p{L}\d-]+)(?:[=＝]|\s+|$)`;
const endsAfterQuote = new RegExp(String.raw`^\s*$|^\s+${flagStart}[\p{L}\d]`, "u");

/**
 * Takes the secrets out of a command line. A secret ends at its closing quote if the line ends or
 * a flag follows there. Without quotes it ends at the next flag of the command or at the end of the
 * line. Nothing else in it is interpreted, because a password may hold spaces, quotes and dashes.
 */
export function takeSecrets(line: string, command: CommandSpecification): TakenSecrets {
  const names = Object.keys(command.flags).filter((name) => command.flags[name]?.kind === "secret");
  const taken: TakenSecrets = { before: line, after: "", secrets: {}, lastUnquoted: null, mistake: null };
  if (names.length === 0) return taken;
  const isSecret = (name: string): boolean => names.includes(name) || looksLikeSecretFlag(name);
  const outside: string[] = [];
  let at = 0;
  for (let flag = nextFlag(line, at, isSecret); flag !== null; flag = nextFlag(line, at, isSecret)) {
    outside.push(line.slice(at, flag.at));
    const { name } = flag;
    if (!names.includes(name)) {
      taken.mistake = { code: "unknown_flag", command, flag: name, nearest: nearestWord(name, names) };
      break;
    }
    const read = readSecret(line, flag.valueAt, command);
    if (read === null) taken.mistake = { code: "unbalanced_quote", command };
    else if (isPlaceholder(read.value)) taken.mistake = { code: "flag_value_missing", command, flag: name };
    else if (Object.hasOwn(taken.secrets, name)) taken.mistake = { code: "stray_secret", command };
    if (read === null || taken.mistake !== null) break;
    taken.secrets[name] = read.value;
    at = read.end;
    taken.lastUnquoted = !read.isQuoted && at === line.length ? name : null;
  }
  if (taken.mistake === null) outside.push(line.slice(at));
  [taken.before = "", taken.after] = [outside[0], outside.slice(1).join(" ")];
  return taken;
}

/** An ellipsis stands for a secret in the help. */
function isPlaceholder(value: string): boolean {
  return ["", "…", "..."].includes(value.trim());
}

interface FoundFlag {
  name: string;
  at: number;
  valueAt: number;
}

/** The next flag with a wanted name, from a place of the line. */
function nextFlag(line: string, from: number, isWanted: (name: string) => boolean): FoundFlag | null {
  const pattern = new RegExp(String.raw`(?<=^|\s)${flagPattern}`, "gu");
  pattern.lastIndex = from;
  for (let match = pattern.exec(line); match !== null; match = pattern.exec(line)) {
    const name = withAsciiWidth(match[1] ?? "").toLowerCase();
    if (isWanted(name)) return { name, at: match.index, valueAt: match.index + match[0].length };
    // White space after one flag is also the white space before the next.
    pattern.lastIndex = match.index + 1;
  }
  return null;
}

/** @returns `null` if a quote is opened, not closed, and another flag follows */
function readSecret(
  line: string,
  from: number,
  command: CommandSpecification,
): { value: string; end: number; isQuoted: boolean } | null {
  const known = Object.keys(command.flags);
  const endsSecret = (name: string): boolean =>
    looksLikeSecretFlag(name) || nearestWord(name, known) !== null;
  const text = line.slice(from);
  const start = from + text.length - text.trimStart().length;
  const flagAt = nextFlag(line, start, endsSecret)?.at ?? line.length;
  const closing = closingQuotes[line.charAt(start)];
  const end = closing === undefined ? null : quoteEnd(line, start + 1, closing);
  // A quote behind the next flag opens the value of that flag.
  const opensLater = end !== null && nextQuoteAfterFlag(line, start, endsSecret) < end;
  if (end !== null && !opensLater) return { value: line.slice(start + 1, end), end: end + 1, isQuoted: true };
  if (closing !== undefined && flagAt < line.length) return null;
  return { value: line.slice(start, flagAt).trim(), end: flagAt, isQuoted: false };
}

function quoteEnd(line: string, from: number, closing: string): number | null {
  for (let at = from; at < line.length; at++)
    if (closing.includes(line.charAt(at)) && endsAfterQuote.test(line.slice(at + 1))) return at;
  return null;
}

function nextQuoteAfterFlag(line: string, from: number, isFlag: (name: string) => boolean): number {
  const flag = nextFlag(line, from, isFlag);
  return flag !== null && closingQuotes[line.charAt(flag.valueAt)] !== undefined ? flag.valueAt : Infinity;
}

import { parseUserId } from "../platforms/matrix/ids/identifiers.ts";
import { parseMatrixLink } from "../platforms/matrix/ids/matrix-link.ts";
import type { BotNames, MessageText } from "./address.ts";
import { commandLine, textOfHtml } from "./address.ts";
import { bareWord, withAsciiWidth } from "./characters.ts";
import { readFlags } from "./flags.ts";
import { findCommand } from "./lookup.ts";
import { nearestWord } from "./nearest-word.ts";
import { withoutInvisible } from "./pasted.ts";
import { withoutSecretWord, withoutStraySecret } from "./secrets-outside-login.ts";
import { hasSecretShape, looksLikeSecretFlag } from "./secrets.ts";
import type {
  CommandMistake,
  CommandSpecification,
  CommandValues,
  ParsedMessage,
  PositionalSpecification,
} from "./specification.ts";
import { flagStart, tokenize, unquote } from "./tokens.ts";

/** The maximum length of a command line. No line that a person types is near it. */
const MAX_LINE_LENGTH = 4_000;

/**
 * Reads a message as a command line (pure). It accepts curly quotes, doubled spaces, capital
 * letters in command words, and a dash instead of two hyphens.
 */
export function parseMessage(
  message: MessageText,
  names: BotNames,
  commands: readonly CommandSpecification[],
): ParsedMessage {
  const line = commandLine(message, names);
  if (line === null) return { kind: "not_addressed", hasSecret: mayHoldSecret(message) };
  const hasSecret = hasSecretShape(line) || mayHoldSecret(message);
  const parsed = parseLine(line, commands);
  if ("code" in parsed) {
    if (parsed.code !== "unknown_command")
      return { kind: "mistake", mistake: parsed, hasSecret: hasSecret || parsed.code === "stray_secret" };
    const unknown = withoutSecretWord(parsed, line, commands);
    return { kind: "mistake", mistake: unknown.mistake, hasSecret: hasSecret || unknown.hasSecret };
  }
  return { kind: "command", ...parsed, hasSecret: hasSecret || parsed.values.secret !== null };
}

/** Whether any text of a message most likely carries a secret. */
export function mayHoldSecret({ body, formattedBody, otherTexts = [] }: MessageText): boolean {
  const texts = [body, ...(formattedBody === null ? [] : [textOfHtml(formattedBody)]), ...otherTexts];
  return texts.some((text) => hasSecretShape(text) || hasSecretShape(withoutInvisible(text)));
}

interface ParsedCommand {
  specification: CommandSpecification;
  values: CommandValues;
}

function parseLine(line: string, commands: readonly CommandSpecification[]): ParsedCommand | CommandMistake {
  if (line.length > MAX_LINE_LENGTH) return { code: "too_long" };
  const found = findCommand(line, commands);
  if ("code" in found) return found;
  const parsed = parseRest(found.rest, found.specification);
  return "code" in parsed ? withoutStraySecret(parsed, found.rest, found.specification) : parsed;
}

function parseRest(behindWords: string, specification: CommandSpecification): ParsedCommand | CommandMistake {
  const { rest, secret, mistake } = takeSecret(behindWords, specification);
  if (mistake) return mistake;
  const tokens = tokenize(rest);
  if (tokens === null) return { code: "unbalanced_quote", command: specification };
  const flags = readFlags(tokens, specification);
  if ("code" in flags) return flags;
  const words = [...flags.words];
  const read = readSecret(secret, words, specification);
  const positionals = readPositionals(words, specification);
  if ("mistake" in positionals) return positionals.mistake;
  return {
    specification,
    values: { positionals: positionals.values, flags: flags.flags, lists: flags.lists, secret: read },
  };
}

const flagWithSecret = new RegExp(String.raw`(?<=^|\s)${flagStart}([\p{L}\d-]+)([=＝]|\s+|$)`, "gu");

/**
 * Takes the secret: all text after its flag, unchanged. A password may contain spaces, quotes and
 * dashes, so nothing in it is interpreted.
 */
function takeSecret(
  rest: string,
  specification: CommandSpecification,
): { rest: string; secret: { flag: string; value: string } | null; mistake?: CommandMistake } {
  const names = Object.keys(specification.flags).filter(
    (name) => specification.flags[name]?.kind === "secret",
  );
  for (const match of names.length === 0 ? [] : rest.matchAll(flagWithSecret)) {
    const flag = withAsciiWidth(match[1] ?? "").toLowerCase();
    if (!names.includes(flag)) {
      if (looksLikeSecretFlag(flag))
        return unreadable({
          code: "unknown_flag",
          command: specification,
          flag,
          nearest: nearestWord(flag, names),
        });
      continue;
    }
    const value = rest.slice(match.index + match[0].length).trim();
    if (value === "" || value === "…" || value === "...")
      return unreadable({ code: "flag_value_missing", command: specification, flag });
    return { rest: rest.slice(0, match.index), secret: { flag, value } };
  }
  return { rest, secret: null };

  function unreadable(mistake: CommandMistake): { rest: string; secret: null; mistake: CommandMistake } {
    return { rest, secret: null, mistake };
  }
}

/**
 * Reads `--password … @me:old.example`: if no account was named before the secret, a user ID at its
 * end is the account.
 */
function readSecret(
  secret: { flag: string; value: string } | null,
  words: string[],
  specification: CommandSpecification,
): CommandValues["secret"] {
  if (secret === null) return null;
  const wanted = specification.positionals[words.length];
  const match = wanted?.kind === "userId" ? /^(.*\S)\s+(@\S+:\S+)$/su.exec(secret.value) : null;
  if (match?.[1] !== undefined && match[2] !== undefined && parseUserId(match[2])) {
    words.push(match[2]);
    return { flag: secret.flag, value: unquote(match[1]) };
  }
  return { flag: secret.flag, value: unquote(secret.value) };
}

function readPositionals(
  words: readonly string[],
  specification: CommandSpecification,
): { values: CommandValues["positionals"] } | { mistake: CommandMistake } {
  const values: Record<string, string[]> = {};
  let at = 0;
  for (const positional of specification.positionals) {
    const taken = positional.isRepeatable ? words.slice(at) : words.slice(at, at + 1);
    at += taken.length;
    if (taken.length === 0 && !positional.isOptional)
      return {
        mistake: {
          code: "missing_argument",
          command: specification,
          name: positional.name,
          choices: positional.choices ?? [],
        },
      };
    const read: string[] = [];
    for (const word of taken) {
      const value = readWord(word, positional);
      if (value === null) return { mistake: unreadableWord(word, positional, specification) };
      read.push(value);
    }
    values[positional.name] = read;
  }
  const extra = words[at];
  return extra === undefined
    ? { values }
    : { mistake: { code: "extra_argument", command: specification, value: extra } };
}

function unreadableWord(
  word: string,
  positional: PositionalSpecification,
  command: CommandSpecification,
): CommandMistake {
  return positional.kind === "userId"
    ? { code: "bad_user_id", command, value: word }
    : badChoice(command, positional.name, word, positional.choices ?? []);
}

function readWord(word: string, positional: PositionalSpecification): string | null {
  switch (positional.kind) {
    case "choice":
      return positional.choices?.find((choice) => choice === bareWord(word).toLowerCase()) ?? null;
    case "userId":
      return readUserId(word) ?? readUserId(bareWord(word));
    case "word":
      return word;
  }
}

/** Case does not count in server names, because they are domain names. In localparts it may. */
function readUserId(word: string): string | null {
  const target = parseMatrixLink(word);
  const parts = parseUserId(target?.kind === "user" ? target.userId : word);
  return parts && `@${parts.localpart}:${parts.serverName.toLowerCase()}`;
}

function badChoice(
  command: CommandSpecification,
  name: string,
  value: string,
  choices: readonly string[],
): CommandMistake {
  return { code: "bad_choice", command, name, value, choices, nearest: nearestWord(value, choices) };
}

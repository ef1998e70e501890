import { parseUserId } from "../platforms/matrix/ids/identifiers.ts";
import { parseMatrixLink } from "../platforms/matrix/ids/matrix-link.ts";
import type { BotNames, MessageText } from "./address.ts";
import { commandLine, textOfHtml } from "./address.ts";
import { bareWord } from "./characters.ts";
import type { Word } from "./flags.ts";
import { readFlags } from "./flags.ts";
import { findCommand } from "./lookup.ts";
import { nearestWord } from "./nearest-word.ts";
import { withoutInvisible } from "./pasted.ts";
import { hasSecretInText, hasSecretShape } from "./secrets.ts";
import type {
  CommandMistake,
  CommandSpecification,
  CommandValues,
  ParsedMessage,
  PositionalSpecification,
} from "./specification.ts";
import { withoutSecretWord, withoutStraySecret } from "./stray-secrets.ts";
import type { TakenSecrets } from "./take-secrets.ts";
import { takeSecrets } from "./take-secrets.ts";
import { tokenize, unquote } from "./tokens.ts";

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
  return {
    kind: "command",
    ...parsed,
    hasSecret: hasSecret || Object.keys(parsed.values.secrets).length > 0,
  };
}

/** Whether any text of a message most likely carries a secret. */
export function mayHoldSecret(message: MessageText): boolean {
  return textsOf(message).some((text) => hasSecretShape(text) || hasSecretShape(withoutInvisible(text)));
}

/** Whether any text of a message holds a secret of a known form: a token or a recovery key. */
export function holdsKnownSecret(message: MessageText): boolean {
  return textsOf(message).some(hasSecretInText);
}

function textsOf({ body, formattedBody, otherTexts = [] }: MessageText): string[] {
  return [body, ...(formattedBody === null ? [] : [textOfHtml(formattedBody)]), ...otherTexts];
}

interface ParsedCommand {
  specification: CommandSpecification;
  values: CommandValues;
}

function parseLine(line: string, commands: readonly CommandSpecification[]): ParsedCommand | CommandMistake {
  if (line.length > MAX_LINE_LENGTH) return { code: "too_long" };
  const found = findCommand(line, commands);
  if ("code" in found) return found;
  return parseRest(found.rest, found.specification);
}

function parseRest(rest: string, specification: CommandSpecification): ParsedCommand | CommandMistake {
  const taken = takeSecrets(rest, specification);
  const parsed = taken.mistake ?? parseTaken(taken, specification);
  return "code" in parsed ? withoutStraySecret(parsed, taken, specification) : parsed;
}

function parseTaken(
  taken: TakenSecrets,
  specification: CommandSpecification,
): ParsedCommand | CommandMistake {
  const tokens = tokenize(`${taken.before} ${taken.after}`);
  if (tokens === null) return { code: "unbalanced_quote", command: specification };
  const flags = readFlags(tokens, specification);
  if ("code" in flags) return flags;
  const words = [...flags.words];
  const secrets = readSecrets(taken, words, specification);
  const positionals = readPositionals(words, specification);
  if ("mistake" in positionals) return positionals.mistake;
  const given = new Set([...Object.keys(flags.flags), ...Object.keys(secrets)]);
  for (const names of specification.alternatives ?? [])
    if (names.filter((name) => given.has(name)).length > 1)
      return { code: "only_one_of", command: specification, flags: names };
  const { flags: single, lists } = flags;
  return { specification, values: { positionals: positionals.values, flags: single, lists, secrets } };
}

/**
 * Reads `--password … @me:old.example`: if no account was named before the secret, a user ID at its
 * end is the account.
 */
function readSecrets(
  { secrets, lastUnquoted }: TakenSecrets,
  words: Word[],
  specification: CommandSpecification,
): CommandValues["secrets"] {
  if (lastUnquoted === null) return secrets;
  const value = secrets[lastUnquoted] ?? "";
  const wanted = specification.positionals[words.length];
  const match = wanted?.kind === "userId" ? /^(.*\S)\s+(@\S+:\S+)$/su.exec(value) : null;
  const isNamed = match?.[2] !== undefined && parseUserId(match[2]) !== null;
  if (isNamed) words.push({ text: match[2] ?? "", isQuoted: false });
  return { ...secrets, [lastUnquoted]: unquote(isNamed ? (match[1] ?? "") : value) };
}

function readPositionals(
  given: readonly Word[],
  specification: CommandSpecification,
): { values: CommandValues["positionals"] } | { mistake: CommandMistake } {
  const values: Record<string, string[]> = {};
  const takesText = specification.positionals.some(({ kind }) => kind === "text");
  const isText = ({ isQuoted }: Word): boolean => takesText && isQuoted;
  const [text, secondText] = given.filter(isText);
  const words = given.filter((word) => !isText(word)).map((word) => word.text);
  let at = 0;
  for (const positional of specification.positionals) {
    if (positional.kind === "text") {
      values[positional.name] = text === undefined ? [] : [text.text];
      continue;
    }
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
  const extra = words[at] ?? secondText?.text;
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
    case "text":
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

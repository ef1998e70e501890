import yargsParser from "yargs-parser";
import { bareWord } from "./characters.ts";
import { parseDuration } from "./duration.ts";
import { nearestWord } from "./nearest-word.ts";
import type {
  CommandMistake,
  CommandSpecification,
  CommandValues,
  FlagSpecification,
} from "./specification.ts";
import type { Token } from "./tokens.ts";
import { flagName } from "./tokens.ts";

interface Flags {
  flags: CommandValues["flags"];
  lists: CommandValues["lists"];
  /** Words and texts that are neither a flag nor a flag's value. */
  words: Word[];
}

/** A word or a text in quotes. */
export type Word = Pick<Token, "text" | "isQuoted">;

/**
 * Reads the flags of a command line, each checked by its kind, and the other words. Secret flags
 * were removed before.
 */
export function readFlags(
  tokens: readonly Token[],
  specification: CommandSpecification,
): Flags | CommandMistake {
  const { line, words, mistake } = sortTokens(tokens, specification);
  if (mistake) return mistake;
  const withValue = namesOf(specification, (flag) => flag.kind !== "boolean");
  const parsed = yargsParser([...line], {
    boolean: namesOf(specification, (flag) => flag.kind === "boolean"),
    string: withValue,
    array: withValue,
    configuration: {
      "camel-case-expansion": false,
      "dot-notation": false,
      "parse-numbers": false,
      "boolean-negation": false,
      "greedy-arrays": false,
    },
  });
  const flags: Record<string, string | true> = {};
  const lists: Record<string, readonly string[]> = {};
  for (const [name, flag] of Object.entries(specification.flags)) {
    const value: unknown = parsed[name];
    if (value === true) flags[name] = true;
    if (!Array.isArray(value)) continue;
    const texts = value.map(String);
    if (texts.some((text) => text === ""))
      return { code: "flag_value_missing", command: specification, flag: name };
    const read = readValues(texts, { name, flag, specification });
    if ("code" in read) return read;
    const last = read.values.at(-1);
    if (flag.isRepeatable === true || flag.kind === "choices" || flag.kind === "words")
      lists[name] = read.values;
    else if (last !== undefined) flags[name] = last;
  }
  return { flags, lists, words };
}

/**
 * Separates tokens into flags and words. Flags get the form `--name=value`, which yargs-parser
 * reads without rules of its own.
 */
function sortTokens(
  tokens: readonly Token[],
  command: CommandSpecification,
): { line: string[]; words: Word[]; mistake?: CommandMistake } {
  const line: string[] = [];
  const words: Word[] = [];
  let waiting: string | null = null;
  /** The flag of kind `words` that takes the next word too. */
  let open: string | null = null;
  for (const token of tokens) {
    const found = flagName(token);
    if (found === null) {
      const taking = waiting ?? (token.isQuoted ? null : open);
      if (taking === null) words.push(token);
      else line.push(`--${taking}=${token.text}`);
      if (token.isQuoted) open = null;
      waiting = null;
      continue;
    }
    if (waiting !== null)
      return { line, words, mistake: { code: "flag_value_missing", command, flag: waiting } };
    const { name, value } = found;
    const flag = Object.hasOwn(command.flags, name) ? command.flags[name] : undefined;
    if (flag === undefined || flag.kind === "secret") {
      return {
        line,
        words,
        mistake: {
          code: "unknown_flag",
          command,
          flag: name,
          nearest: nearestWord(name, Object.keys(command.flags)),
        },
      };
    }
    if (flag.kind === "boolean" && value !== null)
      return { line, words, mistake: { code: "flag_takes_no_value", command, flag: name } };
    open = flag.kind === "words" ? name : null;
    if (flag.kind === "boolean") line.push(`--${name}`);
    else if (value === null) waiting = name;
    else line.push(`--${name}=${value}`);
  }
  return waiting === null
    ? { line, words }
    : { line, words, mistake: { code: "flag_value_missing", command, flag: waiting } };
}

function readValues(
  texts: readonly string[],
  {
    name,
    flag,
    specification,
  }: { name: string; flag: FlagSpecification; specification: CommandSpecification },
): { values: string[] } | CommandMistake {
  const { choices } = flag;
  const values =
    flag.kind === "choices"
      ? texts.flatMap((text) => text.split(",")).map((text) => text.trim())
      : [...texts];
  for (const [index, value] of values.entries()) {
    if (flag.kind === "text" || flag.kind === "words") continue;
    const bare = bareWord(value);
    if (flag.kind === "duration" && parseDuration(bare) === null)
      return { code: "bad_duration", command: specification, flag: name, value };
    values[index] = bare;
    if (choices === undefined) continue;
    const chosen = choices.find(
      (choice) => choice === bare.toLowerCase().replaceAll("-", "_") || choice === bare.toLowerCase(),
    );
    if (chosen === undefined)
      return {
        code: "bad_choice",
        command: specification,
        name: `--${name}`,
        value,
        choices,
        nearest: nearestWord(value, choices),
      };
    values[index] = chosen;
  }
  return { values };
}

function namesOf({ flags }: CommandSpecification, isWanted: (flag: FlagSpecification) => boolean): string[] {
  return Object.entries(flags).flatMap(([name, flag]) =>
    flag.kind !== "secret" && isWanted(flag) ? [name] : [],
  );
}

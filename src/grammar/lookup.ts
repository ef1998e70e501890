import { bareWord } from "./characters.ts";
import { nearestWord } from "./nearest-word.ts";
import type { CommandMistake, CommandSpecification } from "./specification.ts";

/** The command at the start of a line, and the rest of the line. Longer names win. */
export function findCommand(
  line: string,
  commands: readonly CommandSpecification[],
): { specification: CommandSpecification; rest: string } | CommandMistake {
  if (line === "") return { code: "empty" };
  const names = commands.flatMap((specification) =>
    [specification.words, ...(specification.aliases ?? [])].map((words) => ({ words, specification })),
  );
  const longestFirst = names.toSorted((a, b) => b.words.length - a.words.length);
  for (const { words, specification } of longestFirst) {
    const rest = afterWords(line, words);
    if (rest !== null && !(words.length === 1 && isOtherOfGroup(rest, words[0], names)))
      return { specification, rest };
  }
  const [first = "", second] = line.split(/\s+/u).map(bareWord);
  const group = names.filter(({ words }) => words.length > 1 && words[0] === first.toLowerCase());
  if (group.length > 0) {
    const nearest =
      second === undefined
        ? null
        : nearestWord(
            second,
            group.map(({ words }) => words[1] ?? ""),
          );
    if (second === undefined)
      return {
        code: "incomplete_command",
        words: [first.toLowerCase()],
        choices: group.map(({ words }) => words.join(" ")),
      };
    return {
      code: "unknown_command",
      word: `${first} ${second}`,
      nearest: nearest === null ? null : [first.toLowerCase(), nearest],
    };
  }
  const nearest = nearestWord(
    first,
    names.map(({ words }) => words[0]),
  );
  return {
    code: "unknown_command",
    word: first,
    nearest: names.find(({ words }) => words[0] === nearest)?.words ?? null,
  };
}

/**
 * Whether the text after a word is another word of its group: `keys` alone is a command, and
 * `keys cpoy` is a misspelt one.
 */
function isOtherOfGroup(
  rest: string,
  word: string | undefined,
  names: readonly { words: readonly string[]; specification: CommandSpecification }[],
): boolean {
  const isGroup = names.some(({ words }) => words.length > 1 && words[0] === word);
  return isGroup && /^[\p{L}\d]/u.test(bareWord(rest));
}

function afterWords(line: string, words: readonly string[]): string | null {
  let rest = line;
  for (const word of words) {
    const match = /^(\S+)(?:\s+|$)/u.exec(rest);
    if (match?.[1] === undefined || bareWord(match[1]).toLowerCase() !== word) return null;
    rest = rest.slice(match[0].length);
  }
  return rest;
}

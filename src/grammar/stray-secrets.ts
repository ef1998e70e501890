import { parseMatrixLink } from "../platforms/matrix/ids/matrix-link.ts";
import { nearestWord } from "./nearest-word.ts";
import { hasSecretInText, hasSecretShape, looksLikeSecretFlag } from "./secrets.ts";
import type { CommandMistake, CommandSpecification } from "./specification.ts";
import type { TakenSecrets } from "./take-secrets.ts";
import { flagStart } from "./tokens.ts";

type Unknown = Extract<CommandMistake, { code: "unknown_command" }>;

const secretFlag = new RegExp(String.raw`(?<=^|\s)${flagStart}([\p{L}\d-]+)`, "gu");
const plainFlag = new RegExp(String.raw`^${flagStart}(\p{L}+(?:-\p{L}+)*)$`, "u");

/** Whether a command has a flag for a secret. */
export function takesSecret({ flags }: CommandSpecification): boolean {
  return Object.values(flags).some(({ kind }) => kind === "secret");
}

/**
 * A version of a mistake that is safe to answer. Any word in a wrong place of a command that takes
 * a secret may be one, so it is not repeated, unless the whole line clearly means something else.
 */
export function withoutStraySecret(
  mistake: CommandMistake,
  { before, after }: Pick<TakenSecrets, "before" | "after">,
  command: CommandSpecification,
): CommandMistake {
  const wouldRepeat =
    "value" in mistake && (hasSecretShape(mistake.value) || hasSecretInText(`${before} ${after}`));
  const isStray =
    takesSecret(command) &&
    !(
      wordsBeforeSecretFlag(before).every((word) => isPlainlyNoSecret(word, command)) &&
      wordsIn(after).every((word) => isNearFlag(word, command))
    );
  return wouldRepeat || isStray ? { code: "stray_secret", command } : mistake;
}

/**
 * A version of an unknown command that is safe to answer, and whether its line may hold a secret:
 * `!logn old hunter2`, `!password hunter2`, `!keys cpoy my phrase`.
 */
export function withoutSecretWord(
  mistake: Unknown,
  line: string,
  commands: readonly CommandSpecification[],
): { mistake: Unknown; hasSecret: boolean } {
  const [first = "", ...others] = line.split(/[\s=:]+/u).filter((word) => word !== "");
  const meant = commandsMeant(mistake, others[0] ?? "", commands).filter(takesSecret);
  const [, ...arguments_] = wordsBeforeSecretFlag(line);
  const isStray = meant.length > 0 && mistake.nearest === null;
  return {
    mistake:
      isStray || hasSecretInText(line) || /[=:]\S/u.test(mistake.word ?? "")
        ? { ...mistake, word: null }
        : mistake,
    hasSecret:
      (others.length > 0 && looksLikeSecretFlag(first)) ||
      (meant.length > 0 &&
        !isStray &&
        !arguments_.every((word) => meant.some((command) => isPlainlyNoSecret(word, command)))),
  };
}

/** The commands that a misspelt one may mean: those of its group, or one of them. */
function commandsMeant(
  { nearest, word }: Unknown,
  second: string,
  commands: readonly CommandSpecification[],
): readonly CommandSpecification[] {
  const first = nearest?.[0] ?? word?.split(" ")[0]?.toLowerCase();
  const group = commands.filter(({ words }) => words[0] === first);
  const narrowed = group.filter(({ words }) => nearestWord(second, words.slice(1)) !== null);
  return narrowed.length > 0 ? narrowed : group;
}

/** Only the words before a secret's flag: the text after it is the secret. */
function wordsBeforeSecretFlag(text: string): string[] {
  const flag = text.matchAll(secretFlag).find((match) => looksLikeSecretFlag(match[1] ?? ""));
  return wordsIn(text.slice(0, flag?.index));
}

function wordsIn(text: string): string[] {
  return text
    .split(/\s+/u)
    .map((word) => word.replace(/^["'“”„«»‘’‚]+|["'“”«»‘’.,;]+$/gu, ""))
    .filter((word) => word !== "");
}

/** Whether a word is a flag of the command, or a typing mistake for one. */
function isNearFlag(word: string, { flags }: CommandSpecification): boolean {
  const match = plainFlag.exec(word);
  return match?.[1] !== undefined && nearestWord(match[1], Object.keys(flags)) !== null;
}

function isPlainlyNoSecret(word: string, { words, positionals }: CommandSpecification): boolean {
  if (hasSecretInText(word)) return false;
  const known = [...words.slice(1), ...positionals.flatMap(({ choices = [] }) => choices)];
  return (
    nearestWord(word, known) !== null ||
    /^@(?:[\w.=/+-]*$|.*:)/u.test(word) ||
    parseMatrixLink(word)?.kind === "user" ||
    plainFlag.test(word)
  );
}

import { parseMatrixLink } from "../platforms/matrix/ids/matrix-link.ts";
import { nearestWord } from "./nearest-word.ts";
import { hasSecretShape, looksLikeSecretFlag, looksLikeToken } from "./secrets.ts";
import type { CommandMistake, CommandSpecification } from "./specification.ts";
import { flagStart } from "./tokens.ts";

type Unknown = Extract<CommandMistake, { code: "unknown_command" }>;

const secretFlag = new RegExp(String.raw`(?<=^|\s)${flagStart}([\p{L}\d-]+)`, "gu");
const plainFlag = new RegExp(String.raw`^${flagStart}\p{L}+(?:-\p{L}+)*$`, "u");

/** Whether a command has a flag for a secret. */
export function takesSecret({ flags }: CommandSpecification): boolean {
  return Object.values(flags).some(({ kind }) => kind === "secret");
}

/**
 * A version of a mistake that is safe to answer. Any word in a wrong place of a sign-in may be a
 * password, so it is not repeated, unless the whole line clearly means something else.
 * @param rest the text after the command's words
 */
export function withoutStraySecret(
  mistake: CommandMistake,
  rest: string,
  command: CommandSpecification,
): CommandMistake {
  const wouldRepeat = "value" in mistake && hasSecretShape(mistake.value);
  const isStray =
    takesSecret(command) && !wordsBeforeSecretFlag(rest).every((word) => isPlainlyNoSecret(word, command));
  return wouldRepeat || isStray ? { code: "stray_secret", command } : mistake;
}

/**
 * A version of an unknown command that is safe to answer, and whether its line may hold a secret:
 * `!logn old hunter2`, `!password hunter2`.
 */
export function withoutSecretWord(
  mistake: Unknown,
  line: string,
  commands: readonly CommandSpecification[],
): { mistake: Unknown; hasSecret: boolean } {
  const [first = "", ...others] = line.split(/[\s=:]+/u).filter((word) => word !== "");
  const meant = commands.find(({ words }) => words.join(" ") === mistake.nearest?.join(" "));
  const isSignIn = meant !== undefined && takesSecret(meant);
  return {
    mistake:
      looksLikeToken(mistake.word ?? "") || /[=:]\S/u.test(mistake.word ?? "")
        ? { ...mistake, word: null }
        : mistake,
    hasSecret:
      (others.length > 0 && looksLikeSecretFlag(first)) ||
      (isSignIn &&
        !wordsBeforeSecretFlag(line)
          .slice(1)
          .every((word) => isPlainlyNoSecret(word, meant))),
  };
}

/** Only the words before a secret's flag: the text after it is the secret. */
function wordsBeforeSecretFlag(text: string): string[] {
  const flag = text.matchAll(secretFlag).find((match) => looksLikeSecretFlag(match[1] ?? ""));
  return text
    .slice(0, flag?.index)
    .split(/\s+/u)
    .map((word) => word.replace(/^["'“”„«»‘’‚]+|["'“”«»‘’.,;]+$/gu, ""))
    .filter((word) => word !== "");
}

function isPlainlyNoSecret(word: string, { positionals }: CommandSpecification): boolean {
  if (looksLikeToken(word)) return false;
  const choices = positionals.flatMap(({ choices = [] }) => choices);
  return (
    nearestWord(word, choices) !== null ||
    /^@(?:[\w.=/+-]*$|.*:)/u.test(word) ||
    parseMatrixLink(word)?.kind === "user" ||
    plainFlag.test(word)
  );
}

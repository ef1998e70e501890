import type { CommandMistake, CommandSpecification } from "../../grammar/specification.ts";
import type { Block, Inline } from "../document/document.ts";
import { code, join, paragraph } from "../document/document.ts";
import type { Message } from "../document/message.ts";
import { notice } from "../document/message.ts";
import { untrustedCode } from "../document/untrusted-text.ts";

/**
 * Explains a mistake in a command line: the mistake, the nearest valid word, and the help that
 * applies.
 */
export function mistakeMessage(mistake: CommandMistake, prefix: string): Message {
  const sentences = [explanation(mistake, prefix), [" "], nextStep(mistake, prefix)].flat();
  return notice(paragraph(...sentences, " Nothing was changed."));
}

function explanation(mistake: CommandMistake, prefix: string): Inline[] {
  switch (mistake.code) {
    case "empty":
      return ["There is no command after ", code(prefix), "."];
    case "too_long":
      return ["That is too long for a command."];
    case "unbalanced_quote":
      return ["A quotation mark is opened and not closed."];
    case "unknown_command":
      return [
        "I don't know ",
        mistake.word === null ? "that command" : code(`${prefix}${untrustedCode(mistake.word, 40)}`),
        ".",
        ...didYouMean(mistake.nearest && `${prefix}${mistake.nearest.join(" ")}`),
      ];
    case "incomplete_command":
      return [
        code(`${prefix}${mistake.words.join(" ")}`),
        " needs one more word: ",
        ...codes(mistake.choices.map((choice) => `${prefix}${choice}`)),
        ".",
      ];
    case "unknown_flag":
      return [
        name(mistake.command, prefix),
        " has no ",
        code(`--${untrustedCode(mistake.flag, 40)}`),
        ".",
        ...didYouMean(mistake.nearest && `--${mistake.nearest}`),
      ];
    case "flag_value_missing":
      return [code(`--${mistake.flag}`), " needs a value."];
    case "only_one_of":
      return ["Only one of ", ...codes(mistake.flags.map((flag) => `--${flag}`)), " can be given."];
    case "flag_takes_no_value":
      return [code(`--${mistake.flag}`), " takes no value: write it without ", code("="), "."];
    case "bad_choice":
      return [
        code(untrustedCode(mistake.value, 40)),
        " does not fit here. It can be ",
        ...codes(mistake.choices),
        ".",
        ...didYouMean(mistake.nearest),
      ];
    case "bad_duration":
      return [
        code(untrustedCode(mistake.value, 40)),
        " is no duration. Write ",
        code("90d"),
        ", ",
        code("2w"),
        ", ",
        code("6m"),
        " (months) or ",
        code("1y"),
        ".",
      ];
    case "bad_user_id":
      return [
        code(untrustedCode(mistake.value, 80)),
        " is not a user ID. A user ID looks like ",
        code("@you:example.org"),
        ".",
      ];
    case "missing_argument":
      return [
        name(mistake.command, prefix),
        " needs ",
        ...(mistake.choices.length > 0 ? codes(mistake.choices) : [mistake.name]),
        ".",
      ];
    case "extra_argument":
      return [name(mistake.command, prefix), " does not take ", code(untrustedCode(mistake.value, 40)), "."];
    case "stray_secret":
      return ["I don't understand a part of this command. I don't repeat it, because it may be a secret."];
  }
}

function nextStep(mistake: CommandMistake, prefix: string): Inline[] {
  if ("command" in mistake) return ["Write it like this: ", code(usageLine(mistake.command, prefix)), "."];
  if (mistake.code === "unknown_command" && mistake.nearest)
    return ["See ", code(`${prefix}help ${mistake.nearest.join(" ")}`), "."];
  return ["See ", code(`${prefix}help`), "."];
}

/** `!login old|new [@user:server] …` */
export function usageLine(specification: CommandSpecification, prefix: string): string {
  return `${prefix}${[specification.words.join(" "), specification.usage].filter((part) => part !== "").join(" ")}`;
}

/** Added to an answer if the message it answers was removed as a precaution. */
export function removedToBeSafe(): Block {
  return paragraph(
    "I removed your message because it seemed to contain a password, a token or a recovery key. I did not use it. Servers may still have a copy: if it was a real secret, change it.",
  );
}

function name(specification: CommandSpecification, prefix: string): Inline {
  return code(`${prefix}${specification.words.join(" ")}`);
}

function didYouMean(word: string | null): Inline[] {
  return word === null ? [] : [" Did you mean ", code(word), "?"];
}

function codes(words: readonly string[]): Inline[] {
  return join(words.map(code), words.length === 2 ? " or " : ", ");
}

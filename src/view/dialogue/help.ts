import type { CommandSpecification } from "../../grammar/specification.ts";
import type { Block, Inline } from "../document/document.ts";
import { code, list, paragraph, strong } from "../document/document.ts";
import type { Message } from "../document/message.ts";
import { notice } from "../document/message.ts";
import { usageLine } from "./mistakes.ts";

/** The list of all commands. */
export function helpMessage(commands: readonly CommandSpecification[], prefix: string): Message {
  return notice(
    paragraph(strong("I move Matrix accounts to a new homeserver.")),
    list(
      commands.map((command): Inline[] => [
        code(`${prefix}${command.words.join(" ")}`),
        ` – ${command.summary}`,
      ]),
    ),
    paragraph("More about one of them: ", code(`${prefix}help login`), "."),
  );
}

/** One command with its usage, details and an example. */
export function commandHelpMessage(command: CommandSpecification, prefix: string): Message {
  const others = (command.aliases ?? []).map((words) => code(`${prefix}${words.join(" ")}`));
  return notice(
    paragraph(strong(code(usageLine(command, prefix)))),
    paragraph(`This ${command.summary}.`),
    ...command.details.map((detail): Block => paragraph(...withCommands(detail, prefix))),
    ...(others.length > 0 ? [paragraph("The same: ", ...others, ".")] : []),
    paragraph("Example: ", code(`${prefix}${command.example}`)),
  );
}

/**
 * A text in which backticks mark a command or word to type, as in Markdown. A leading `!` becomes
 * the prefix of this bot.
 */
function withCommands(text: string, prefix: string): Inline[] {
  return text
    .split("`")
    .map((part, index) =>
      index % 2 === 0 ? part : code(part.startsWith("!") ? `${prefix}${part.slice(1)}` : part),
    );
}

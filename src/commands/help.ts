import type { Command } from "../dialogue/conversation.ts";
import { findCommand } from "../grammar/lookup.ts";
import type { CommandSpecification } from "../grammar/specification.ts";
import { commandHelpMessage, helpMessage } from "../view/dialogue/help.ts";
import { mistakeMessage } from "../view/dialogue/mistakes.ts";

export const helpSpecification: CommandSpecification = {
  words: ["help"],
  summary: "lists what I can do, or explains one command",
  usage: "[command]",
  details: [],
  example: "help login",
  positionals: [{ name: "command", kind: "word", isOptional: true, isRepeatable: true }],
  flags: {},
};

/** @param specifications all commands, including this one */
export function helpCommand(specifications: readonly CommandSpecification[], prefix: string): Command {
  return {
    specification: helpSpecification,
    async run({ positionals }, conversation) {
      const words = (positionals["command"] ?? []).map((word) =>
        word.startsWith(prefix) ? word.slice(prefix.length) : word,
      );
      if (words.length === 0) {
        await conversation.say(helpMessage(specifications, prefix));
        return;
      }
      const found = findCommand(words.join(" "), specifications);
      await conversation.say(
        "code" in found ? mistakeMessage(found, prefix) : commandHelpMessage(found.specification, prefix),
      );
    },
  };
}

import type { Forgotten } from "../../service/accounts/results.ts";
import { askingServers, forgotten } from "../../view/account/accounts.ts";
import type { Command } from "../../dialogue/conversation.ts";
import { answerInTime } from "../../dialogue/slow-answer.ts";
import type { CommandSpecification } from "../../grammar/specification.ts";

export const forgetSpecification: CommandSpecification = {
  words: ["forget"],
  summary: "erases everything I store about you",
  usage: "",
  details: [
    "Sessions that I made are logged out, and your two accounts, their sessions and what I kept of our conversation are erased from my database.",
    "Messages that stand in this chat stay there: they are yours to remove.",
  ],
  example: "forget",
  positionals: [],
  flags: {},
};

export function forgetCommand(forget: (owner: string) => Promise<Forgotten>): Command {
  return {
    specification: forgetSpecification,
    async run(_values, conversation) {
      const work = async () => forgotten(await forget(conversation.sender));
      await answerInTime(conversation, askingServers(), work, { leavesNoTrace: true });
    },
  };
}

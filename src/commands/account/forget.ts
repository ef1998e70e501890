import type { Command } from "../../dialogue/conversation.ts";
import { answerInTime } from "../../dialogue/slow-answer.ts";
import type { CommandSpecification } from "../../grammar/specification.ts";
import type { Forgotten } from "../../service/accounts/results.ts";
import { askingServers, forgotten } from "../../view/account/accounts.ts";

export const forgetSpecification: CommandSpecification = {
  words: ["forget"],
  summary: "erases everything I store about you",
  usage: "",
  details: [
    "I log out the sessions that I made. Then I erase your two accounts, their sessions, what your files say and our conversation from my database.",
    "Messages in this chat stay there. You can remove them yourself.",
  ],
  example: "forget",
  positionals: [],
  flags: {},
};

export function forgetCommand(forget: (owner: string) => Promise<Forgotten>): Command {
  return {
    specification: forgetSpecification,
    isOpenToFormer: true,
    async run(_values, conversation) {
      const work = async () => forgotten(await forget(conversation.sender));
      await answerInTime(conversation, askingServers(), work, { leavesNoTrace: true });
    },
  };
}

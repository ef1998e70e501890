import type { SignIn } from "../service/sign-in.ts";
import { accountStates, askingServers } from "../view/messages/accounts.ts";
import type { Command } from "./conversation.ts";
import { answerInTime } from "./slow-answer.ts";
import type { CommandSpecification } from "./specification.ts";

export const whoamiSpecification: CommandSpecification = {
  words: ["whoami"],
  summary: "shows your two accounts and how each is signed in",
  usage: "",
  details: ["I ask both servers whether the sessions still work."],
  example: "whoami",
  positionals: [],
  flags: {},
};

export function whoamiCommand(signIn: SignIn, prefix: string): Command {
  return {
    specification: whoamiSpecification,
    async run(_values, conversation) {
      await answerInTime(conversation, askingServers(), async () =>
        accountStates(await signIn.states(conversation.sender), prefix),
      );
    },
  };
}

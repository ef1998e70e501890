import type { Command } from "../../dialogue/conversation.ts";
import { answerInTime } from "../../dialogue/slow-answer.ts";
import type { CommandSpecification } from "../../grammar/specification.ts";
import type { PeoplesAccounts } from "../../service/accounts/peoples-accounts.ts";
import type { SignIn } from "../../service/accounts/sign-in.ts";
import { accountStates, askingServers } from "../../view/account/accounts.ts";

export const whoamiSpecification: CommandSpecification = {
  words: ["whoami"],
  summary: "shows your two accounts and how each is signed in",
  usage: "",
  details: [
    "I ask both servers whether the sessions still work. I also say what I keep of files about your old account.",
  ],
  example: "whoami",
  positionals: [],
  flags: {},
};

export function whoamiCommand({
  signIn,
  accounts,
  prefix,
}: {
  signIn: Pick<SignIn, "states">;
  accounts: Pick<PeoplesAccounts, "overview">;
  prefix: string;
}): Command {
  return {
    specification: whoamiSpecification,
    async run(_values, conversation) {
      await answerInTime(conversation, askingServers(), async () =>
        accountStates(await signIn.states(conversation.sender), {
          files: await accounts.overview(conversation.sender),
          prefix,
        }),
      );
    },
  };
}

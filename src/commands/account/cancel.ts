import type { Command } from "../../dialogue/conversation.ts";
import { answerInTime } from "../../dialogue/slow-answer.ts";
import type { CommandSpecification } from "../../grammar/specification.ts";
import { sides } from "../../model/account.ts";
import type { SignIn } from "../../service/accounts/sign-in.ts";
import { askingServers } from "../../view/account/accounts.ts";
import { linksCancelled } from "../../view/account/sign-in-link.ts";
import { sideOfWord, sideWords } from "./login.ts";

export const cancelSpecification: CommandSpecification = {
  words: ["cancel"],
  summary: "cancels a sign-in by link that is waiting for you",
  usage: "[old|new]",
  details: [
    "The code that I gave you stops working. Accounts that are signed in stay signed in; `!logout` ends those.",
  ],
  example: "cancel old",
  positionals: [{ name: "account", kind: "choice", choices: sideWords, isOptional: true }],
  flags: {},
};

export function cancelCommand(signIn: Pick<SignIn, "cancel">, prefix: string): Command {
  return {
    specification: cancelSpecification,
    async run({ positionals }, conversation) {
      const word = positionals["account"]?.[0];
      // Waits for a sign-in request that is already under way.
      await answerInTime(conversation, askingServers(), async () =>
        linksCancelled(
          await signIn.cancel(conversation.sender, word === undefined ? sides : [sideOfWord(word)]),
          { prefix },
        ),
      );
    },
  };
}

import type { SignIn } from "../service/sign-in.ts";
import { sides } from "../migration/account.ts";
import { askingServers, signedOut } from "../view/messages/accounts.ts";
import type { Command } from "./conversation.ts";
import { sideOfWord, sideWords } from "./login.ts";
import { answerInTime } from "./slow-answer.ts";
import type { CommandSpecification } from "./specification.ts";

export const logoutSpecification: CommandSpecification = {
  words: ["logout"],
  summary: "ends my use of one account or of both",
  usage: "[old|new]",
  details: [
    "A session that I made is logged out on its server. A token that you gave me is your own: I forget it and leave it alone.",
  ],
  example: "logout old",
  positionals: [{ name: "account", kind: "choice", choices: sideWords, isOptional: true }],
  flags: {},
};

export function logoutCommand(signIn: SignIn, prefix: string): Command {
  return {
    specification: logoutSpecification,
    async run({ positionals }, conversation) {
      const word = positionals["account"]?.[0];
      const chosen = word === undefined ? sides : [sideOfWord(word)];
      await answerInTime(conversation, askingServers(), async () => {
        const results = [];
        for (const side of chosen) results.push(await signIn.signOut(conversation.sender, side));
        return signedOut(
          results.filter((result) => result !== null),
          { chosen, prefix },
        );
      });
    },
  };
}

import type { Command } from "../../dialogue/conversation.ts";
import { answerInTime } from "../../dialogue/slow-answer.ts";
import type { CommandSpecification } from "../../grammar/specification.ts";
import { sides } from "../../model/account.ts";
import type { PeoplesAccounts } from "../../service/accounts/peoples-accounts.ts";
import type { SignIn } from "../../service/accounts/sign-in.ts";
import type { RunControl } from "../../service/run/control.ts";
import type { CancelResult } from "../../service/run/results.ts";
import { askingServers, signedOut } from "../../view/account/accounts.ts";
import { cancelAnswer } from "../../view/migrate/cancel.ts";
import { sideOfWord, sideWords } from "./login.ts";

export const logoutSpecification: CommandSpecification = {
  words: ["logout"],
  summary: "signs me out of one account or of both",
  usage: "[old|new]",
  details: [
    "This also ends a move that is running, and I say what was done. I stop watching for invitations. Work with your keys ends too, and I erase what opens them.",
    "I end a session that I made, with a link or a password, on its server, and cancel a sign-in that is waiting. A token that you gave me is yours: I forget it and do not log it out.",
    "What your files say about your old account stays; `!import --clear` forgets it.",
  ],
  example: "logout old",
  positionals: [{ name: "account", kind: "choice", choices: sideWords, isOptional: true }],
  flags: {},
};

export function logoutCommand({
  signIn,
  accounts,
  runs,
  prefix,
}: {
  signIn: Pick<SignIn, "signOut">;
  accounts: Pick<PeoplesAccounts, "overview">;
  runs: { control: Pick<RunControl, "abandonOnLogout"> };
  prefix: string;
}): Command {
  return {
    specification: logoutSpecification,
    isOpenToFormer: true,
    async run({ positionals }, conversation) {
      const word = positionals["account"]?.[0];
      const chosen = word === undefined ? sides : [sideOfWord(word)];
      const owner = conversation.sender;
      const ended: CancelResult[] = [];
      await answerInTime(conversation, askingServers(), async () => {
        const cancelled = await runs.control.abandonOnLogout(owner, chosen);
        if (cancelled !== null) ended.push(cancelled);
        const results = [];
        for (const side of chosen) results.push(await signIn.signOut(owner, side));
        return signedOut(
          results.filter((result) => result !== null),
          { chosen, files: await accounts.overview(owner), prefix },
        );
      });
      for (const result of ended) await conversation.say(cancelAnswer(result, prefix), { key: "ended" });
    },
  };
}

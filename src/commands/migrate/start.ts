import type { Command } from "../../dialogue/conversation.ts";
import { withProgressNote } from "../../dialogue/progress-note.ts";
import type { CommandSpecification } from "../../grammar/specification.ts";
import type { PeoplesAccounts } from "../../service/accounts/peoples-accounts.ts";
import type { RunStarter } from "../../service/run/start.ts";
import { startAnswer } from "../../view/migrate/start.ts";
import { readingNote } from "../reading-note.ts";

export const migrateStartSpecification: CommandSpecification = {
  words: ["migrate", "start"],
  aliases: [["migrate", "run"]],
  summary: "starts the move, as in the last plan I showed",
  usage: "",
  details: [
    "I ask nothing more: the plan shows what will happen. I look at everything again, say what changed since the plan, and begin.",
    "The move continues when you close your app, and after I am restarted. One message shows the progress. At the end I write to you. `!migrate pause` and `!migrate cancel` work at any time.",
    "If a server does not answer, I keep the command, and begin by myself when it does.",
  ],
  example: "migrate start",
  positionals: [],
  flags: {},
};

export function migrateStartCommand({
  accounts,
  runs,
  prefix,
}: {
  accounts: Pick<PeoplesAccounts, "of">;
  runs: { starter: Pick<RunStarter, "start"> };
  prefix: string;
}): Command {
  return {
    specification: migrateStartSpecification,
    async run(_values, conversation) {
      const { sender: owner, address, botRoomIds } = conversation;
      const result = await withProgressNote(conversation, await readingNote(owner, accounts), (onProgress) =>
        runs.starter.start({ owner, address, botRoomIds, onProgress }),
      );
      await conversation.say(startAnswer(result, "move", prefix), { key: "answer" });
    },
  };
}

import type { Command } from "../../dialogue/conversation.ts";
import { withProgressNote } from "../../dialogue/progress-note.ts";
import type { CommandSpecification } from "../../grammar/specification.ts";
import type { PeoplesAccounts } from "../../service/accounts/peoples-accounts.ts";
import type { RunStarter } from "../../service/run/start.ts";
import { startAnswer } from "../../view/migrate/start.ts";
import { readingNote } from "../reading-note.ts";

export const profileSpecification: CommandSpecification = {
  words: ["profile"],
  summary: "only copies your profile: name, picture and further fields",
  usage: "",
  details: [
    "I do not overwrite what you have already set on your new account.",
    "If nobody has signed in your old account, I copy what your file of settings has.",
  ],
  example: "profile",
  positionals: [],
  flags: {},
};

export function profileCommand({
  accounts,
  runs,
  prefix,
}: {
  accounts: Pick<PeoplesAccounts, "of">;
  runs: { starter: Pick<RunStarter, "copyProfile"> };
  prefix: string;
}): Command {
  return {
    specification: profileSpecification,
    async run(_values, conversation) {
      const { sender: owner, address, botRoomIds } = conversation;
      const result = await withProgressNote(conversation, await readingNote(owner, accounts), (onProgress) =>
        runs.starter.copyProfile({ owner, address, botRoomIds, onProgress }),
      );
      await conversation.say(startAnswer(result, "profile", prefix), { key: "answer" });
    },
  };
}

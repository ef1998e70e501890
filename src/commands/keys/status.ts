import type { Command } from "../../dialogue/conversation.ts";
import { answerInTime } from "../../dialogue/slow-answer.ts";
import type { CommandSpecification } from "../../grammar/specification.ts";
import type { KeyOverview } from "../../service/keys/overview.ts";
import { askingServers } from "../../view/account/accounts.ts";
import { keyStatus } from "../../view/keys/status.ts";

export const keysStatusSpecification: CommandSpecification = {
  words: ["keys", "status"],
  aliases: [["keys"]],
  summary: "shows the key backups of both accounts, what was copied, and the next step",
  usage: "",
  details: [
    "Messages of encrypted rooms can be read by whoever has their keys. The keys of your old account are in its key backup. I copy them to the key backup of your new account.",
    "I only add keys. I never create, change or delete a key backup, a secret storage or an identity of your accounts.",
  ],
  example: "keys status",
  positionals: [],
  flags: {},
};

export function keysStatusCommand({
  keys,
  now,
  prefix,
}: {
  keys: { overview: Pick<KeyOverview, "status"> };
  now: () => number;
  prefix: string;
}): Command {
  return {
    specification: keysStatusSpecification,
    async run(_values, conversation) {
      await answerInTime(conversation, askingServers(), async () =>
        keyStatus(await keys.overview.status(conversation.sender), now(), prefix),
      );
    },
  };
}

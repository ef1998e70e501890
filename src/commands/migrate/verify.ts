import type { Command } from "../../dialogue/conversation.ts";
import { withProgressNote } from "../../dialogue/progress-note.ts";
import type { CommandSpecification } from "../../grammar/specification.ts";
import type { PeoplesAccounts } from "../../service/accounts/peoples-accounts.ts";
import type { StartRequest } from "../../service/run/requests.ts";
import type { VerifyResult } from "../../service/run/results.ts";
import { verifyAnswer } from "../../view/migrate/verify.ts";
import { readingNote } from "../reading-note.ts";

export const migrateVerifySpecification: CommandSpecification = {
  words: ["migrate", "verify"],
  summary: "reads both accounts again and compares them, category by category",
  usage: "",
  details: [
    "I change nothing in either account.",
    "If nobody has signed in your old account, I compare your new one with the files that you gave me.",
  ],
  example: "migrate verify",
  positionals: [],
  flags: {},
};

export function migrateVerifyCommand({
  accounts,
  verify,
  prefix,
}: {
  accounts: Pick<PeoplesAccounts, "of">;
  verify: (request: StartRequest) => Promise<VerifyResult>;
  prefix: string;
}): Command {
  return {
    specification: migrateVerifySpecification,
    async run(_values, conversation) {
      const { sender: owner, address, botRoomIds } = conversation;
      const result = await withProgressNote(conversation, await readingNote(owner, accounts), (onProgress) =>
        verify({ owner, address, botRoomIds, onProgress }),
      );
      await conversation.say(verifyAnswer(result, prefix), { key: "answer" });
    },
  };
}

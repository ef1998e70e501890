import type { Command } from "../../dialogue/conversation.ts";
import { withProgressNote } from "../../dialogue/progress-note.ts";
import type { CommandSpecification } from "../../grammar/specification.ts";
import type { StartRequest } from "../../service/run/requests.ts";
import type { VerifyResult } from "../../service/run/results.ts";
import { readingAccounts } from "../../view/account/reading.ts";
import { verifyAnswer } from "../../view/migrate/verify.ts";

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
  verify,
  prefix,
}: {
  verify: (request: StartRequest) => Promise<VerifyResult>;
  prefix: string;
}): Command {
  return {
    specification: migrateVerifySpecification,
    async run(_values, conversation) {
      const { sender: owner, address, botRoomIds } = conversation;
      const result = await withProgressNote(conversation, readingAccounts(), (onProgress) =>
        verify({ owner, address, botRoomIds, onProgress }),
      );
      await conversation.say(verifyAnswer(result, prefix), { key: "answer" });
    },
  };
}

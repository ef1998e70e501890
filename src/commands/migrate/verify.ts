import type { Command } from "../../dialogue/conversation.ts";
import { withProgressNote } from "../../dialogue/progress-note.ts";
import type { CommandSpecification } from "../../grammar/specification.ts";
import type { VerifyRequest } from "../../service/run/requests.ts";
import type { VerifyResult } from "../../service/run/results.ts";
import { readingAccounts } from "../../view/account/reading.ts";
import { verifyAnswer } from "../../view/migrate/verify.ts";

export const migrateVerifySpecification: CommandSpecification = {
  words: ["migrate", "verify"],
  summary: "reads both accounts again and compares them, category by category",
  usage: "",
  details: ["I change nothing in either account."],
  example: "migrate verify",
  positionals: [],
  flags: {},
};

export function migrateVerifyCommand({
  verify,
  prefix,
}: {
  verify: (owner: string, request: VerifyRequest) => Promise<VerifyResult>;
  prefix: string;
}): Command {
  return {
    specification: migrateVerifySpecification,
    async run(_values, conversation) {
      const { sender, botRoomIds } = conversation;
      const result = await withProgressNote(conversation, readingAccounts(), (onProgress) =>
        verify(sender, { botRoomIds, onProgress }),
      );
      await conversation.say(verifyAnswer(result, prefix), { key: "answer" });
    },
  };
}

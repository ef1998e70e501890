import type { MoveCommands } from "../service/move-commands.ts";
import { verifyAnswer } from "../view/messages/move-verify.ts";
import { readingAccounts, readingProgress } from "../view/messages/reading.ts";
import type { Command } from "./conversation.ts";
import { ProgressNote } from "./progress-note.ts";
import type { CommandSpecification } from "./specification.ts";

export const migrateVerifySpecification: CommandSpecification = {
  words: ["migrate", "verify"],
  summary: "reads both accounts again and compares them, category by category",
  usage: "",
  details: ["Nothing is written to either account."],
  example: "migrate verify",
  positionals: [],
  flags: {},
};

export function migrateVerifyCommand({ moves, prefix }: { moves: MoveCommands; prefix: string }): Command {
  return {
    specification: migrateVerifySpecification,
    async run(_values, conversation) {
      const { sender, botRoomIds } = conversation;
      const note = new ProgressNote(conversation, readingAccounts());
      const result = await moves
        .verify(sender, { botRoomIds, onProgress: (progress) => note.update(readingProgress(progress)) })
        .finally(() => note.finish());
      await conversation.say(verifyAnswer(result, prefix), { key: "answer" });
    },
  };
}

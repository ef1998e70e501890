import type { MoveCommands } from "../service/move-commands.ts";
import { askingServers } from "../view/messages/accounts.ts";
import { resumeAnswer } from "../view/messages/move-pause.ts";
import type { Command } from "./conversation.ts";
import { answerInTime } from "./slow-answer.ts";
import type { CommandSpecification } from "./specification.ts";

export const migrateResumeSpecification: CommandSpecification = {
  words: ["migrate", "resume"],
  summary: "goes on with a move that you paused",
  usage: "",
  details: [],
  example: "migrate resume",
  positionals: [],
  flags: {},
};

export function migrateResumeCommand({ moves, prefix }: { moves: MoveCommands; prefix: string }): Command {
  return {
    specification: migrateResumeSpecification,
    async run(_values, conversation) {
      await answerInTime(conversation, askingServers(), async () =>
        resumeAnswer(await moves.resume(conversation.sender), prefix),
      );
    },
  };
}

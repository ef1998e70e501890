import type { MoveCommands } from "../service/move-commands.ts";
import { resumeAnswer } from "../view/messages/move-pause.ts";
import type { Command } from "./conversation.ts";
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
      await conversation.say(resumeAnswer(await moves.resume(conversation.sender), prefix), { key: "answer" });
    },
  };
}

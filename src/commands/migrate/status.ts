import type { MoveCommands } from "../../service/run/move-commands.ts";
import { noRunYet, progressMessage } from "../../view/migrate/status.ts";
import type { Command } from "../../dialogue/conversation.ts";
import type { CommandSpecification } from "../../grammar/specification.ts";

export const migrateStatusSpecification: CommandSpecification = {
  words: ["migrate", "status"],
  summary: "shows how far your move is, what it waits for and until when",
  usage: "",
  details: [],
  example: "migrate status",
  positionals: [],
  flags: {},
};

export function migrateStatusCommand({
  moves,
  now,
  prefix,
}: {
  moves: MoveCommands;
  now: () => number;
  prefix: string;
}): Command {
  return {
    specification: migrateStatusSpecification,
    async run(_values, conversation) {
      const status = await moves.status(conversation.sender);
      await conversation.say(status === null ? noRunYet(prefix) : progressMessage(status, now(), prefix), {
        key: "answer",
      });
    },
  };
}

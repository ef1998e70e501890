import type { Command } from "../../dialogue/conversation.ts";
import type { CommandSpecification } from "../../grammar/specification.ts";
import type { RunOverview } from "../../service/run/overview.ts";
import { noRunYet, progressMessage } from "../../view/migrate/status.ts";

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
  runs,
  now,
  prefix,
}: {
  runs: { overview: Pick<RunOverview, "status"> };
  now: () => number;
  prefix: string;
}): Command {
  return {
    specification: migrateStatusSpecification,
    isOpenToFormer: true,
    async run(_values, conversation) {
      const status = await runs.overview.status(conversation.sender);
      await conversation.say(status === null ? noRunYet(prefix) : progressMessage(status, now(), prefix), {
        key: "answer",
      });
    },
  };
}

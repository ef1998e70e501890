import type { Command } from "../../dialogue/conversation.ts";
import { answerInTime } from "../../dialogue/slow-answer.ts";
import type { CommandSpecification } from "../../grammar/specification.ts";
import type { RunOverview } from "../../service/run/overview.ts";
import { askingServers } from "../../view/account/accounts.ts";
import { statusAnswer } from "../../view/migrate/status.ts";

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
  runs: { overview: Pick<RunOverview, "statuses" | "kept"> };
  now: () => number;
  prefix: string;
}): Command {
  return {
    specification: migrateStatusSpecification,
    isOpenToFormer: true,
    async run(_values, conversation) {
      const { overview } = runs;
      // The old server of a move by files is asked whether it is back.
      await answerInTime(conversation, askingServers(), async () => {
        const all = await overview.statuses(conversation.sender);
        const kept = await overview.kept(conversation.sender);
        return statusAnswer({ runs: all, kept }, now(), prefix);
      });
    },
  };
}

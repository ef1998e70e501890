import type { Command } from "../../dialogue/conversation.ts";
import type { CommandSpecification } from "../../grammar/specification.ts";
import type { RunOverview } from "../../service/run/overview.ts";
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
      const all = await overview.statuses(conversation.sender);
      const kept = await overview.kept(conversation.sender);
      await conversation.say(statusAnswer({ runs: all, kept }, now(), prefix), { key: "answer" });
    },
  };
}

import type { Command } from "../../dialogue/conversation.ts";
import { answerInTime } from "../../dialogue/slow-answer.ts";
import type { CommandSpecification } from "../../grammar/specification.ts";
import type { RunControl } from "../../service/run/control.ts";
import { askingServers } from "../../view/account/accounts.ts";
import { resumeAnswer } from "../../view/migrate/pause.ts";

export const migrateResumeSpecification: CommandSpecification = {
  words: ["migrate", "resume"],
  summary: "resumes a move that you paused",
  usage: "",
  details: [],
  example: "migrate resume",
  positionals: [],
  flags: {},
};

export function migrateResumeCommand({
  runs,
  prefix,
}: {
  runs: { control: Pick<RunControl, "resume"> };
  prefix: string;
}): Command {
  return {
    specification: migrateResumeSpecification,
    async run(_values, conversation) {
      await answerInTime(conversation, askingServers(), async () =>
        resumeAnswer(await runs.control.resume(conversation.sender), prefix),
      );
    },
  };
}

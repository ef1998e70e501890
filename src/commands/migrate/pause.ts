import type { Command } from "../../dialogue/conversation.ts";
import { answerInTime } from "../../dialogue/slow-answer.ts";
import type { CommandSpecification } from "../../grammar/specification.ts";
import type { RunControl } from "../../service/run/control.ts";
import { pauseAnswer, stoppingAfterRequest } from "../../view/migrate/pause.ts";

export const migratePauseSpecification: CommandSpecification = {
  words: ["migrate", "pause"],
  summary: "pauses your move until you resume it",
  usage: "",
  details: [
    "I finish and record the requests that are already on their way to a server. Then I do nothing until you type `!migrate resume`.",
  ],
  example: "migrate pause",
  positionals: [],
  flags: {},
};

export function migratePauseCommand({
  runs,
  prefix,
}: {
  runs: { control: Pick<RunControl, "pause"> };
  prefix: string;
}): Command {
  return {
    specification: migratePauseSpecification,
    async run(_values, conversation) {
      await answerInTime(conversation, stoppingAfterRequest(), async () =>
        pauseAnswer(await runs.control.pause(conversation.sender), prefix),
      );
    },
  };
}

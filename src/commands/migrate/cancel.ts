import type { Command } from "../../dialogue/conversation.ts";
import { answerInTime } from "../../dialogue/slow-answer.ts";
import type { CommandSpecification } from "../../grammar/specification.ts";
import type { RunControl } from "../../service/run/control.ts";
import { cancelAnswer } from "../../view/migrate/cancel.ts";
import { stoppingAfterRequest } from "../../view/migrate/pause.ts";

export const migrateCancelSpecification: CommandSpecification = {
  words: ["migrate", "cancel"],
  summary: "stops your move for good, where it is",
  usage: "",
  details: [
    "What is done stays done, and I list it. `!migrate undo` takes back what can be taken back. `!migrate plan` and `!migrate start` do the rest another time.",
  ],
  example: "migrate cancel",
  positionals: [],
  flags: {},
};

export function migrateCancelCommand({
  runs,
  prefix,
}: {
  runs: { control: Pick<RunControl, "cancel"> };
  prefix: string;
}): Command {
  return {
    specification: migrateCancelSpecification,
    isOpenToFormer: true,
    async run(_values, conversation) {
      await answerInTime(conversation, stoppingAfterRequest(), async () =>
        cancelAnswer(await runs.control.cancel(conversation.sender), prefix),
      );
    },
  };
}

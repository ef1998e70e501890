import type { Command } from "../../dialogue/conversation.ts";
import { answerInTime } from "../../dialogue/slow-answer.ts";
import type { CommandSpecification } from "../../grammar/specification.ts";
import type { MoveEnding } from "../../service/finish/move-ending.ts";
import { askingServers } from "../../view/account/accounts.ts";
import { closeAnswer } from "../../view/finish/close.ts";

export const finishCloseSpecification: CommandSpecification = {
  words: ["finish", "close"],
  summary: "says what closing your old account does, when to do it, and where",
  usage: "",
  details: ["I never close an account myself, because nobody can take it back."],
  example: "finish close",
  positionals: [],
  flags: {},
};

export function finishCloseCommand({
  finish,
  prefix,
}: {
  finish: { ending: Pick<MoveEnding, "closing"> };
  prefix: string;
}): Command {
  return {
    specification: finishCloseSpecification,
    async run(_values, conversation) {
      await answerInTime(conversation, askingServers(), async () =>
        closeAnswer(await finish.ending.closing(conversation.sender), prefix),
      );
    },
  };
}

import type { Command } from "../../dialogue/conversation.ts";
import { withProgressNote } from "../../dialogue/progress-note.ts";
import type { CommandSpecification } from "../../grammar/specification.ts";
import type { FinishChecklist } from "../../service/finish/checklist.ts";
import { readingAccounts } from "../../view/account/reading.ts";
import { finishAnswer } from "../../view/finish/checklist.ts";

export const finishSpecification: CommandSpecification = {
  words: ["finish"],
  summary: "shows what is left to do before you let your old account go",
  usage: "",
  details: [
    "I ask both servers, and show a line for each thing: what is done, what is open, and the command for it. Nothing is changed.",
    "I never close an account. `!finish close` says what to know before you do it.",
  ],
  example: "finish",
  positionals: [],
  flags: {},
};

export function finishCommand({
  finish,
  prefix,
}: {
  finish: { checklist: Pick<FinishChecklist, "check"> };
  prefix: string;
}): Command {
  return {
    specification: finishSpecification,
    async run(_values, conversation) {
      const { sender: owner, botRoomIds } = conversation;
      const result = await withProgressNote(conversation, readingAccounts(), (onProgress) =>
        finish.checklist.check({ owner, botRoomIds, onProgress }),
      );
      await conversation.say(finishAnswer(result, prefix), { key: "answer" });
    },
  };
}

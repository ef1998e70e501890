import { askWithPreview } from "../../dialogue/contact-question.ts";
import type { Answer, Command, Conversation } from "../../dialogue/conversation.ts";
import { answerInTime } from "../../dialogue/slow-answer.ts";
import type { CommandSpecification } from "../../grammar/specification.ts";
import type { MoveEnding } from "../../service/finish/move-ending.ts";
import { askingServers } from "../../view/account/accounts.ts";
import { endAnswer, endNotAsked, endPreview } from "../../view/finish/end.ts";

/** The name of the action in `ConfirmableActions`, and the word that confirms it. */
const ACTION = "finish_end";
const END = "end";

export const finishEndSpecification: CommandSpecification = {
  words: ["finish", "end"],
  summary: "signs me out of both accounts and ends your move when you confirm it",
  usage: "",
  details: [
    "I end my sessions, erase their secrets and stop watching, after you have written `end`. Late invitations are then no longer taken up.",
    "What your files said about your old account is erased too. Your report stays until `!forget`. I do not end anything while a task is under way.",
  ],
  example: "finish end",
  positionals: [],
  flags: {},
};

interface Services {
  finish: { ending: Pick<MoveEnding, "previewEnd" | "end"> };
  prefix: string;
}

export function finishEndCommand({ finish, prefix }: Services): Command {
  return {
    specification: finishEndSpecification,
    async run(_values, conversation) {
      const preview = await finish.ending.previewEnd(conversation.sender);
      if (preview.status !== "possible")
        return conversation.say(endNotAsked(preview, prefix), { key: "answer" });
      await askWithPreview(
        {
          preview: endPreview(preview, prefix),
          answers: { word: null, typed: [{ word: END, does: "To end your move" }] },
          ...{ numberedRooms: [], isChanged: false, action: ACTION, payload: null, shown: preview.shown },
        },
        conversation,
      );
    },
  };
}

/** Ends the move, after the person has typed it. */
export function finishEndActions({ finish, prefix }: Services) {
  return {
    [ACTION]: async ({ shown }: Answer, conversation: Conversation): Promise<void> =>
      answerInTime(conversation, askingServers(), async () =>
        endAnswer(await finish.ending.end(conversation.sender, shown), prefix),
      ),
  };
}

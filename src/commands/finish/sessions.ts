import { askWithPreview } from "../../dialogue/contact-question.ts";
import type { Answer, Command, Conversation } from "../../dialogue/conversation.ts";
import { withProgressNote } from "../../dialogue/progress-note.ts";
import { answerInTime } from "../../dialogue/slow-answer.ts";
import type { CommandSpecification } from "../../grammar/specification.ts";
import type { MoveEnding } from "../../service/finish/move-ending.ts";
import { askingServers } from "../../view/account/accounts.ts";
import { readingAccounts } from "../../view/account/reading.ts";
import { sessionsAnswer, sessionsNotAsked, sessionsPreview } from "../../view/finish/sessions.ts";

/** The name of the action in `ConfirmableActions`, and the words that confirm it. */
const ACTION = "finish_sessions";
const SIGN_OUT = "sign out";

export const finishSessionsSpecification: CommandSpecification = {
  words: ["finish", "sessions"],
  summary: "signs your old account out everywhere when you confirm it",
  usage: "",
  details: [
    "It is the last thing that I do with your old account, so I show what is still open first. I do it after you have written `sign out`.",
    "Keys of encrypted messages that only those devices have are lost then. `!keys copy` copies those in your backup.",
    "Some servers let only you end sessions, on their page: then I show its address.",
  ],
  example: "finish sessions",
  positionals: [],
  flags: {},
};

interface Services {
  finish: { ending: Pick<MoveEnding, "previewSessions" | "endSessions"> };
  prefix: string;
}

export function finishSessionsCommand({ finish, prefix }: Services): Command {
  return {
    specification: finishSessionsSpecification,
    async run(_values, conversation) {
      const { sender: owner, botRoomIds } = conversation;
      const preview = await withProgressNote(conversation, readingAccounts(), (onProgress) =>
        finish.ending.previewSessions({ owner, botRoomIds, onProgress }),
      );
      if (preview.status !== "possible")
        return conversation.say(sessionsNotAsked(preview, prefix), { key: "answer" });
      const does = "To sign your old account out everywhere";
      await askWithPreview(
        {
          preview: sessionsPreview(preview, prefix),
          answers: { word: null, typed: [{ word: SIGN_OUT, does }] },
          ...{ numberedRooms: [], isChanged: false, action: ACTION, payload: null, shown: preview.shown },
        },
        conversation,
      );
    },
  };
}

/** Signs the old account out everywhere, after the person has typed it. */
export function finishSessionsActions({ finish, prefix }: Services) {
  return {
    [ACTION]: async ({ shown }: Answer, conversation: Conversation): Promise<void> =>
      answerInTime(conversation, askingServers(), async () =>
        sessionsAnswer(await finish.ending.endSessions(conversation.sender, shown), prefix),
      ),
  };
}

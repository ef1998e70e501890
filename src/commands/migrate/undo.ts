import type { Command, Conversation } from "../../dialogue/conversation.ts";
import { withProgressNote } from "../../dialogue/progress-note.ts";
import { answerInTime } from "../../dialogue/slow-answer.ts";
import type { CommandSpecification } from "../../grammar/specification.ts";
import type { RunStarter } from "../../service/run/start.ts";
import { startAnswer } from "../../view/migrate/start.ts";
import { lookingWhatToUndo, undoQuestion, undoRefused } from "../../view/migrate/undo.ts";

/** The word that confirms the undo, and the name of the action in `ConfirmableActions`. */
const UNDO = "undo";

export const migrateUndoSpecification: CommandSpecification = {
  words: ["migrate", "undo"],
  summary: "shows what can be taken back, and takes it back when you confirm",
  usage: "",
  details: [
    "I list what I would take back and what stays, and do nothing before you confirm.",
    "Your old account does not change: it stays in its rooms.",
  ],
  example: "migrate undo",
  positionals: [],
  flags: {},
};

export function migrateUndoCommand({
  runs,
  prefix,
}: {
  runs: { starter: Pick<RunStarter, "previewUndo"> };
  prefix: string;
}): Command {
  return {
    specification: migrateUndoSpecification,
    async run(_values, conversation) {
      const preview = await withProgressNote(conversation, lookingWhatToUndo(), () =>
        runs.starter.previewUndo(conversation.sender),
      );
      if (preview.status === "possible")
        await conversation.ask(undoQuestion(preview, UNDO), { word: UNDO, action: UNDO, payload: null });
      else await conversation.say(undoRefused(preview, prefix), { key: "answer" });
    },
  };
}

/** The action that runs after the person has confirmed. */
export function undoAction({
  runs,
  prefix,
}: {
  runs: { starter: Pick<RunStarter, "undo"> };
  prefix: string;
}) {
  return async (_payload: unknown, conversation: Conversation): Promise<void> => {
    const { sender: owner, address } = conversation;
    await answerInTime(conversation, lookingWhatToUndo(), async () =>
      startAnswer(await runs.starter.undo({ owner, address }), "undo", prefix),
    );
  };
}

import type { Answer, Command, Conversation } from "../../dialogue/conversation.ts";
import { withProgressNote } from "../../dialogue/progress-note.ts";
import { announceIfSlow } from "../../dialogue/slow-answer.ts";
import { UNDO_AND_LEAVE, askForUndo } from "../../dialogue/undo-question.ts";
import type { CommandSpecification } from "../../grammar/specification.ts";
import type { RunStarter } from "../../service/run/start.ts";
import { startAnswer } from "../../view/migrate/start.ts";
import { lookingWhatToUndo, undoRefused } from "../../view/migrate/undo.ts";

export const migrateUndoSpecification: CommandSpecification = {
  words: ["migrate", "undo"],
  summary: "shows what can be taken back, and takes it back when you confirm",
  usage: "",
  details: [
    "I list what I would take back and what stays, and do nothing before you confirm.",
    "Your new account stays in rooms that your old one is not in any more, and where nobody else has its power, unless you type `undo and leave`.",
    "If nobody has signed in your old account, your new one also stays where somebody would have to let it in again.",
    "Your old account stays in its rooms. It gets its former name back if I gave it a new one and nobody changed that since.",
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
        runs.starter.previewUndo({ owner: conversation.sender, address: conversation.address }),
      );
      if (preview.status === "possible") await askForUndo(preview, conversation);
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
  return async ({ word, shown }: Answer, conversation: Conversation): Promise<void> => {
    const { sender: owner, address } = conversation;
    const { result } = await announceIfSlow(
      () => conversation.say(lookingWhatToUndo(), { key: "meanwhile" }),
      () => runs.starter.undo({ owner, address }, { shown, leavesAnyway: word === UNDO_AND_LEAVE }),
    );
    if (result.status === "changed") await askForUndo(result.preview, conversation, { isChanged: true });
    else await conversation.say(startAnswer(result, "undo", prefix), { key: "answer" });
  };
}

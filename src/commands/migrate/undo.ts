import type { Answer, Command, Conversation } from "../../dialogue/conversation.ts";
import { withProgressNote } from "../../dialogue/progress-note.ts";
import { announceIfSlow } from "../../dialogue/slow-answer.ts";
import type { CommandSpecification } from "../../grammar/specification.ts";
import type { UndoPreview } from "../../service/run/results.ts";
import type { RunStarter } from "../../service/run/start.ts";
import { startAnswer } from "../../view/migrate/start.ts";
import { lookingWhatToUndo, undoQuestion, undoRefused } from "../../view/migrate/undo.ts";

/** The word that confirms the undo, and the name of the action in `ConfirmableActions`. */
const UNDO = "undo";
/** Typed, it also leaves the rooms in which the new account would be missed. */
const UNDO_AND_LEAVE = "undo and leave";

export const migrateUndoSpecification: CommandSpecification = {
  words: ["migrate", "undo"],
  summary: "shows what can be taken back, and takes it back when you confirm",
  usage: "",
  details: [
    "I list what I would take back and what stays, and do nothing before you confirm.",
    "Your new account stays in rooms that your old one is not in any more, and where nobody else has its power, unless you type `undo and leave`.",
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
      if (preview.status === "possible") await ask(preview, conversation);
      else await conversation.say(undoRefused(preview, prefix), { key: "answer" });
    },
  };
}

async function ask(
  preview: UndoPreview,
  conversation: Conversation,
  { isChanged = false }: { isChanged?: boolean } = {},
): Promise<void> {
  const words = { word: preview.canUndoRest ? UNDO : null, typedWord: UNDO_AND_LEAVE };
  await conversation.ask(undoQuestion(preview, words, isChanged), {
    word: words.word,
    typedWords: preview.kept.length > 0 ? [UNDO_AND_LEAVE] : [],
    action: UNDO,
    payload: null,
    shown: preview.shown,
  });
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
    if (result.status === "changed") await ask(result.preview, conversation, { isChanged: true });
    else await conversation.say(startAnswer(result, "undo", prefix), { key: "answer" });
  };
}

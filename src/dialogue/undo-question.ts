import type { UndoPreview } from "../service/run/results.ts";
import { undoQuestion } from "../view/migrate/undo.ts";
import type { Conversation } from "./conversation.ts";

/** The word that confirms the undo, and the name of the action in `ConfirmableActions`. */
const UNDO = "undo";
/** The typed words that also leave the rooms in which the new account would be missed. */
export const UNDO_AND_LEAVE = "undo and leave";

/**
 * Asks whether to undo what the preview shows.
 * @param isChanged an answer to an earlier question came after its facts had changed
 */
export async function askForUndo(
  preview: UndoPreview,
  conversation: Pick<Conversation, "ask">,
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

import type { Question } from "../view/contact/question.ts";
import { openDirectChat, previewBeside, shortQuestion, wholeQuestion } from "../view/contact/question.ts";
import type { Confirmation, Conversation } from "./conversation.ts";

/** A question, and the action that its answer begins. */
export interface ContactQuestion extends Question, Pick<Confirmation, "action" | "payload" | "shown"> {
  /** An answer to an earlier question came after its facts had changed. */
  isChanged: boolean;
}

/**
 * Asks a person to confirm what other people will see, or what cannot be undone. In a room that
 * other people read, the question has counts only, and the whole preview goes to the direct chat.
 * Without a direct chat nothing is asked, because the person could not see the preview.
 */
export async function askWithPreview(
  { preview, answers, numberedRooms, isChanged, action, payload, shown }: ContactQuestion,
  conversation: Pick<Conversation, "roomKind" | "ask" | "say" | "sayInDirectChat">,
): Promise<void> {
  const typedWords = [...answers.typed.map(({ word }) => word), ...(answers.listed ?? [])];
  const confirmation = { word: answers.word, typedWords, numberedRooms, action, payload, shown };
  if (conversation.roomKind === "direct")
    await conversation.ask(wholeQuestion(preview, answers, isChanged), confirmation);
  else if (await conversation.sayInDirectChat(previewBeside(preview), { key: "preview" }))
    await conversation.ask(shortQuestion(preview, answers, isChanged), confirmation);
  else await conversation.say(openDirectChat(preview), { key: "answer" });
}

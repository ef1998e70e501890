import type { ConversationAddress } from "../model/conversation-address.ts";
import type { Kept } from "../service/run/kept-request.ts";
import type { KeptAnswer } from "../service/run/kept-retries.ts";
import type { Message } from "../view/document/message.ts";
import { afterKeeping } from "../view/migrate/kept.ts";
import { startAnswer } from "../view/migrate/start.ts";
import { undoRefused } from "../view/migrate/undo.ts";
import { verifyAnswer } from "../view/migrate/verify.ts";
import type { Conversation } from "./conversation.ts";
import { askForUndo } from "./undo-question.ts";

/** The scope that separates the keys of the later answer from those of the command. */
function scopeOf({ id }: Pick<Kept, "id">): string {
  return `kept ${id}`;
}

/**
 * Answers kept requests in the conversations of their commands.
 * @param conversationAt opens a conversation; the scope separates its keys
 */
export function answererOfKept(
  conversationAt: (
    address: ConversationAddress,
    cause: { kind: "kept"; id: number },
    scope: string,
  ) => Promise<Pick<Conversation, "say" | "ask">>,
  prefix: string,
): (kept: Kept, answer: KeptAnswer) => Promise<void> {
  return async (kept, answer) => {
    const cause = { kind: "kept", id: kept.id } as const;
    const conversation = await conversationAt(kept.address, cause, scopeOf(kept));
    await sayKeptAnswer(kept, answer, { conversation, prefix });
  };
}

/**
 * Answers a kept request with what its command would say now. Nobody waits for the answer, so it
 * notifies the person. The answer that a run has begun does not, because the run reports by itself.
 * @param conversation with the scope of the request; a repeated answer is not said again
 */
async function sayKeptAnswer(
  { request: { kind } }: Kept,
  answer: KeptAnswer,
  { conversation, prefix }: { conversation: Pick<Conversation, "say" | "ask">; prefix: string },
): Promise<void> {
  switch (answer.of) {
    case "run":
      return answer.result.status === "changed"
        ? askForUndo(answer.result.preview, conversation, { isChanged: true })
        : say(startAnswer(answer.result, answer.purpose, prefix), answer.result.status === "started");
    case "undo_question":
      return answer.result.status === "possible"
        ? askForUndo(answer.result, conversation)
        : say(undoRefused(answer.result, prefix));
    case "verify":
      return say(verifyAnswer(answer.result, prefix));
  }

  async function say(message: Message, isBegun = false): Promise<void> {
    const tone = isBegun ? message.tone : "alert";
    await conversation.say(afterKeeping(kind, { ...message, tone }, prefix), { key: "answer" });
  }
}

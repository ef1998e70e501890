import type { Conversation } from "../../dialogue/conversation.ts";
import { announceIfSlow } from "../../dialogue/slow-answer.ts";
import type { OpeningRequest } from "../../service/keys/opening.ts";
import type { OpeningResult } from "../../service/keys/results.ts";
import { openingAnswer, openingBackup } from "../../view/keys/opening.ts";

/** Opens the old backup, and answers the command. */
export async function answerOpening(
  conversation: Conversation,
  prefix: string,
  purpose: OpeningRequest["purpose"],
  open: () => Promise<OpeningResult>,
): Promise<void> {
  const { result, isAnnounced } = await announceIfSlow(
    () => conversation.say(openingBackup(), { key: "meanwhile" }),
    open,
  );
  // A crash repeated the command after its verification had ended, which the person knows.
  if (result.status === "started" && result.by === "emoji" && result.copy.state !== "verifying") return;
  const answer = openingAnswer(result, { purpose, isEncrypted: conversation.isEncrypted, prefix });
  const isReplacement = isAnnounced && answer.tone === "notice";
  await conversation.say(answer, { key: "answer", ...(isReplacement && { replaces: "meanwhile" }) });
}

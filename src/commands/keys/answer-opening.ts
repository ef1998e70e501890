import type { Conversation } from "../../dialogue/conversation.ts";
import { announceIfSlow } from "../../dialogue/slow-answer.ts";
import type { TypedSecret } from "../../platforms/keys.ts";
import type { OpeningResult } from "../../service/keys/results.ts";
import type { OpeningView } from "../../view/keys/opening.ts";
import { openingAnswer, openingBackup } from "../../view/keys/opening.ts";

/** Opens the old backup, and answers the command. */
export async function answerOpening(
  conversation: Conversation,
  prefix: string,
  { purpose, typed }: Pick<OpeningView, "purpose" | "typed">,
  open: () => Promise<OpeningResult>,
): Promise<void> {
  const { result, isAnnounced } = await announceIfSlow(
    () => conversation.say(openingBackup(), { key: "meanwhile" }),
    open,
  );
  // A crash repeated the command after its verification had ended, which the person knows.
  if (result.status === "started" && result.by === "emoji" && result.copy.state !== "verifying") return;
  const answer = openingAnswer(result, {
    ...{ purpose, typed, prefix },
    isEncrypted: conversation.isEncrypted,
  });
  const isReplacement = isAnnounced && answer.tone === "notice";
  await conversation.say(answer, { key: "answer", ...(isReplacement && { replaces: "meanwhile" }) });
}

/** The secret of a command that opens the old backup; `null`: it has none. */
export function typedSecret({
  "recovery-key": recoveryKey,
  phrase,
}: Readonly<Record<string, string | undefined>>): TypedSecret | null {
  if (recoveryKey !== undefined) return { kind: "recovery_key", text: recoveryKey };
  return phrase === undefined ? null : { kind: "phrase", text: phrase };
}

import { z } from "zod";
import type { Answer, Command, Conversation } from "../../dialogue/conversation.ts";
import { EMOJI_WORDS } from "../../dialogue/key-notices.ts";
import { answerInTime } from "../../dialogue/slow-answer.ts";
import type { CommandSpecification } from "../../grammar/specification.ts";
import type { BackupOpening } from "../../service/keys/opening.ts";
import type { KeyOverview } from "../../service/keys/overview.ts";
import { askingServers } from "../../view/account/accounts.ts";
import { emojiAnswered, emojiTooLate } from "../../view/keys/emoji.ts";
import { emojiNotHere } from "../../view/keys/opening.ts";
import { waysAnswer } from "../../view/keys/ways.ts";
import { answerOpening, typedSecret } from "./answer-opening.ts";

export const keysCopySpecification: CommandSpecification = {
  words: ["keys", "copy"],
  summary: "copies the keys of encrypted history from your old account to your new one",
  usage: '[--emoji | --recovery-key "…" | --phrase "…"]',
  details: [
    "Without a flag I name the safest way that works, and begin nothing.",
    "`--emoji` asks another device of your old account for a verification. You compare seven emoji, and no secret is typed.",
    "`--recovery-key` takes the recovery key of your old account, `--phrase` its security phrase. All three work only in a direct chat with me. I remove your message before I use the secret, and keep nothing of it.",
    "What opens your backup is kept encrypted until the copy is done, at most 24 hours. `!cancel keys` ends the copy.",
    "Keys are best copied before the rooms are joined.",
  ],
  example: "keys copy --emoji",
  positionals: [],
  flags: { emoji: { kind: "boolean" }, "recovery-key": { kind: "secret" }, phrase: { kind: "secret" } },
  alternatives: [["emoji", "recovery-key", "phrase"]],
};

export function keysCopyCommand({
  keys,
  now,
  prefix,
}: {
  keys: { opening: Pick<BackupOpening, "byTyping" | "byEmoji">; overview: Pick<KeyOverview, "ways"> };
  now: () => number;
  prefix: string;
}): Command {
  return {
    specification: keysCopySpecification,
    async run({ flags, secrets }, conversation) {
      const { sender: owner, address } = conversation;
      const request = { owner, address, purpose: "copy" } as const;
      const typed = typedSecret(secrets);
      if (typed !== null)
        await answerOpening(conversation, prefix, { purpose: "copy", typed: typed.kind }, () =>
          keys.opening.byTyping(request, typed),
        );
      else if (flags["emoji"] !== true)
        await answerInTime(conversation, askingServers(), async () =>
          waysAnswer(await keys.overview.ways(owner), now(), prefix),
        );
      else if (conversation.roomKind === "direct")
        await answerOpening(conversation, prefix, { purpose: "copy", typed: null }, () =>
          keys.opening.byEmoji(request),
        );
      else await conversation.say(emojiNotHere(prefix), { key: "answer" });
    },
  };
}

const emojiPayloadSchema = z.object({ copyId: z.number() });

/** The action that takes the person's answer about the emoji. */
export function emojiAction({
  keys,
  prefix,
}: {
  keys: { answerEmoji: (owner: string, copyId: number, areSame: boolean) => boolean };
  prefix: string;
}) {
  return async ({ word, payload }: Answer, conversation: Conversation): Promise<void> => {
    const { data } = emojiPayloadSchema.safeParse(payload);
    const areSame = word !== EMOJI_WORDS.different;
    const isTaken = data !== undefined && keys.answerEmoji(conversation.sender, data.copyId, areSame);
    await conversation.say(isTaken ? emojiAnswered(areSame) : emojiTooLate(prefix), { key: "answer" });
  };
}

import type { Command } from "../../dialogue/conversation.ts";
import { withProgressNote } from "../../dialogue/progress-note.ts";
import type { CommandSpecification } from "../../grammar/specification.ts";
import type { KeyCheckOrder, KeyCheckResult } from "../../service/keys/check.ts";
import type { Plans } from "../../store/plans.ts";
import { aliasUnanswered, cannotDecide, readingAccounts } from "../../view/account/reading.ts";
import type { Message } from "../../view/document/message.ts";
import { keyCheck } from "../../view/keys/check.ts";
import { roomOfWord } from "../filters.ts";

export const keysCheckSpecification: CommandSpecification = {
  words: ["keys", "check"],
  summary: "counts the old encrypted messages that your new account can read",
  usage: "[ROOM]…",
  details: [
    "I look at the newest 1,000 encrypted messages of each room that your old account sees. I count those whose key is in your new account's key backup, and those that your new account's server hides. I decrypt nothing.",
    "Without a room I take the twenty encrypted rooms with the latest messages.",
  ],
  example: "keys check #3",
  positionals: [{ name: "rooms", kind: "word", isOptional: true, isRepeatable: true }],
  flags: {},
};

export function keysCheckCommand({
  checkKeys,
  plans,
  prefix,
}: {
  checkKeys: (owner: string, order: KeyCheckOrder) => Promise<KeyCheckResult>;
  plans: Pick<Plans, "numberedRoomIds">;
  prefix: string;
}): Command {
  return {
    specification: keysCheckSpecification,
    async run({ positionals }, conversation) {
      const { sender: owner, botRoomIds } = conversation;
      const shownRooms = await plans.numberedRoomIds(owner);
      const rooms = (positionals["rooms"] ?? []).map((word) => roomOfWord(word, shownRooms));
      const result = await withProgressNote(conversation, readingAccounts(), (onProgress) =>
        checkKeys(owner, { rooms, botRoomIds, onProgress }),
      );
      await conversation.say(answer(result, prefix), { key: "answer" });
    },
  };
}

function answer(result: KeyCheckResult, prefix: string): Message {
  switch (result.status) {
    case "not_signed_in":
    case "not_read":
      return cannotDecide(result, prefix, "A check");
    case "unanswered_alias":
      return aliasUnanswered(result.alias);
    case "checked":
      return keyCheck(result.check, prefix);
  }
}

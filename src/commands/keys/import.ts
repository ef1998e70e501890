import type { Command, Conversation } from "../../dialogue/conversation.ts";
import { announceIfSlow } from "../../dialogue/slow-answer.ts";
import type { CommandSpecification } from "../../grammar/specification.ts";
import type { KeyFiles } from "../../service/keys/files.ts";
import type { ImportResult } from "../../service/keys/results.ts";
import { importAnswer, importNeedsPassphrase, openingFile } from "../../view/keys/import.ts";

/** The reason given in the redaction of the message with the file. */
const REDACTION_REASON = "Its keys were read";

export const keysImportSpecification: CommandSpecification = {
  words: ["keys", "import"],
  summary: "adds the keys of a key file to your new account",
  usage: '--passphrase "…"',
  details: [
    "Export your keys in Element Web or Desktop with your old account (Settings → Encryption → Export keys), and send me the file in a direct chat. Then give this command there, with the passphrase of the file. As a reply to a file, it takes that file. Otherwise it takes the last file that you sent in the last hour.",
    "It needs only your new account. I remove your message before I use the passphrase, and the message with the file once the file is open.",
    "The file and its passphrase are kept encrypted until the import is done, at most 24 hours. `!cancel keys` ends it.",
  ],
  example: 'keys import --passphrase "the passphrase of the file"',
  positionals: [],
  flags: { passphrase: { kind: "secret" } },
};

export function keysImportCommand({
  keys,
  prefix,
}: {
  keys: { files: Pick<KeyFiles, "import" | "forget"> };
  prefix: string;
}): Command {
  return {
    specification: keysImportSpecification,
    async run({ secrets: { passphrase } }, conversation) {
      if (passphrase === undefined) {
        await conversation.say(importNeedsPassphrase(prefix), { key: "answer" });
        return;
      }
      const { sender: owner, address, inReplyTo } = conversation;
      const { result, isAnnounced } = await announceIfSlow(
        () => conversation.say(openingFile(), { key: "meanwhile" }),
        () => keys.files.import({ owner, address, inReplyTo, passphrase }),
      );
      const isFileRemoved = await removeFile(result, conversation);
      const { isEncrypted } = conversation;
      const answer = importAnswer(result, { isFileRemoved, isEncrypted, prefix });
      const isReplacement = isAnnounced && answer.tone === "notice";
      await conversation.say(answer, { key: "answer", ...(isReplacement && { replaces: "meanwhile" }) });
      // After a crash before this, the command finds the file again.
      if (result.status === "started") await keys.files.forget(result.eventId);
    },
  };
}

async function removeFile(result: ImportResult, conversation: Conversation): Promise<boolean> {
  return result.status === "started" && (await conversation.redactOther(result.eventId, REDACTION_REASON));
}

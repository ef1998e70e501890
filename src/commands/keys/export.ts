import type { Command } from "../../dialogue/conversation.ts";
import type { CommandSpecification } from "../../grammar/specification.ts";
import type { BackupOpening, OpeningRequest } from "../../service/keys/opening.ts";
import { exportSecretOf } from "../../service/keys/secrets.ts";
import { exportNeedsEncryption, exportNeedsPassphrase } from "../../view/keys/export.ts";
import { answerOpening, typedSecret } from "./answer-opening.ts";

export const keysExportSpecification: CommandSpecification = {
  words: ["keys", "export"],
  summary: "sends you a key file with the keys of your old account",
  usage: '--passphrase "…" [--emoji | --recovery-key "…" | --phrase "…"] [--plain-chat]',
  details: [
    "The file has Element's format. Element Web and Desktop import it (Settings → Encryption → Import keys). Element X can't. A large backup becomes several files, and each can be imported alone.",
    "`--passphrase` is a new one, for the file. The other flags open the key backup of your old account, as in `!keys copy`; without one I ask your other devices for a verification by emoji. Put each secret in quotes.",
    "It works only in an encrypted direct chat with me. `--plain-chat` allows it in a chat that is not encrypted.",
  ],
  example: 'keys export --passphrase "a new passphrase" --emoji',
  positionals: [],
  flags: {
    passphrase: { kind: "secret" },
    emoji: { kind: "boolean" },
    "recovery-key": { kind: "secret" },
    phrase: { kind: "secret" },
    "plain-chat": { kind: "boolean" },
  },
  alternatives: [["emoji", "recovery-key", "phrase"]],
};

export function keysExportCommand({
  keys: { opening },
  prefix,
}: {
  keys: { opening: Pick<BackupOpening, "byTyping" | "byEmoji"> };
  prefix: string;
}): Command {
  return {
    specification: keysExportSpecification,
    async run({ flags, secrets }, conversation) {
      const { passphrase } = secrets;
      const typed = typedSecret(secrets);
      const isPlainAllowed = flags["plain-chat"] === true;
      if (passphrase === undefined) {
        await conversation.say(exportNeedsPassphrase(prefix), { key: "answer" });
        return;
      }
      if (!conversation.isEncrypted && !isPlainAllowed) {
        await conversation.say(exportNeedsEncryption(typed?.kind ?? null, prefix), { key: "answer" });
        return;
      }
      const { sender: owner, address } = conversation;
      const request: OpeningRequest = {
        ...{ owner, address, purpose: "export" },
        secretOf: (opened) => exportSecretOf(opened, { passphrase, isPlainAllowed }),
      };
      await answerOpening(conversation, prefix, { purpose: "export", typed: typed?.kind ?? null }, () =>
        typed === null ? opening.byEmoji(request) : opening.byTyping(request, typed),
      );
    },
  };
}

import type { KeyCopy } from "../../model/key-copy.ts";
import type { KeyCopyEnd } from "../../service/keys/results.ts";
import { code, list, paragraph } from "../document/document.ts";
import type { Message } from "../document/message.ts";
import { alert, notice } from "../document/message.ts";
import type { OpeningView } from "./opening.ts";
import { afterTyping } from "./opening.ts";
import { attachedRooms, roomsWithCounts } from "./rooms.ts";
import { keyCount, workCommand, workNames } from "./work-words.ts";

/** `!keys export` without a passphrase. */
export function exportNeedsPassphrase(prefix: string): Message {
  return notice(
    paragraph(
      "A key file is encrypted with a passphrase that you choose: ",
      code(workCommand("export", prefix)),
      ", in a direct chat with me. Nothing was changed.",
    ),
  );
}

/**
 * `!keys export` in a chat that is not encrypted.
 * @param typed the secret that was typed with it
 */
export function exportNeedsEncryption(typed: OpeningView["typed"], prefix: string): Message {
  return alert(
    paragraph(
      "This chat is not encrypted, so its servers could read the file and store it. I sent nothing, and did not use your passphrase.",
    ),
    paragraph(
      "Please start an encrypted direct chat with me and type the command there. If the passphrase is strong enough for you, ",
      code(`${workCommand("export", prefix)} --plain-chat`),
      " sends the file here. Choose a new passphrase.",
    ),
    ...afterTyping({ typed, isEncrypted: false }, false),
  );
}

/** The end of an export. */
export function exportEnded(copy: KeyCopy, { counts, unusable }: KeyCopyEnd, prefix: string): Message {
  const attachments = attachedRooms("unusable-keys.txt", unusable);
  if (counts.copied === 0)
    return {
      ...alert(
        paragraph(
          `${workNames.export} is done. The key backup of your old account has no key that an app can use, so I sent no file.`,
        ),
        ...roomsWithCounts("Keys that no app can use, by room:", unusable),
      ),
      ...(attachments.length > 0 && { attachments }),
    };
  return {
    ...alert(
      paragraph(`${workNames.export} is done: I sent you ${keyCount(counts.copied)} in the files above.`),
      ...roomsWithCounts("Keys that no app can use, so that they are in no file, by room:", unusable),
      ...(copy.wasInterrupted
        ? [paragraph("I was restarted in between. A file that is there twice needs to be imported once.")]
        : []),
      list([
        [
          "Element Web or Desktop imports each file with your passphrase: Settings → Encryption → Import keys. It then stores the keys in the key backup of that account.",
        ],
        ["Element X can't import files. ", code(`${prefix}keys copy`), " works without one."],
        [
          "Whoever has a file and its passphrase can read your encrypted messages. Delete the messages with the files when you have saved them.",
        ],
      ]),
    ),
    ...(attachments.length > 0 && { attachments }),
  };
}

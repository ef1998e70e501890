import type { KeyCopy } from "../../model/key-copy.ts";
import type { KeyCopyEnd } from "../../service/keys/results.ts";
import type { Block, Inline } from "../document/document.ts";
import { code, list, paragraph, strong } from "../document/document.ts";
import type { Message } from "../document/message.ts";
import { alert } from "../document/message.ts";
import { formatCount } from "../document/numbers.ts";
import { attachedRooms, roomsWithCounts } from "./rooms.ts";
import { keyCount, workCommand, workNames } from "./work-words.ts";

/** The end of a copy or an import: what was copied, and what the person does now. */
export function copyEnded(copy: KeyCopy, end: KeyCopyEnd, prefix: string): Message {
  const { counts, unusable, lost } = end;
  const attachments = [
    ...attachedRooms("unusable-keys.txt", unusable),
    ...attachedRooms("lost-keys.txt", lost),
  ];
  const source = copy.purpose === "import" ? "The key file" : "The key backup of your old account";
  return {
    ...alert(
      paragraph(`${workNames[copy.purpose]} is done. ${source} has ${keyCount(counts.expected)}.`),
      ...countsOf(end),
      ...roomsWithCounts("Keys that no app can use, by room:", unusable),
      ...roomsWithCounts("Keys that the server lost, by room:", lost),
      ...(lost.size === 0
        ? []
        : [
            paragraph(
              "Please try again: ",
              code(workCommand(copy.purpose, prefix)),
              " sends only what is missing.",
            ),
          ]),
      ...(copy.hasStartedOver
        ? [
            paragraph(
              "The key backup of your new account was replaced while I worked, so I started over with the new one.",
            ),
          ]
        : []),
      ...(copy.wasInterrupted ? [paragraph("I was restarted in between and went on by myself.")] : []),
      ...(counts.copied === 0 ? [] : afterwards()),
      paragraph(
        code(`${prefix}keys check`),
        " counts the messages that your new account can read. ",
        code(`${prefix}migrate plan`),
        " shows what is left of the move.",
      ),
    ),
    ...(attachments.length > 0 && { attachments }),
  };
}

function countsOf({ counts, lost }: KeyCopyEnd): Block[] {
  const { copied, alreadyThere, unusable } = counts;
  const lostCount = [...lost.values()].reduce((total, count) => total + count, 0);
  const items: Inline[][] = [
    ...line(copied, "copied; the server of your new account confirms the number"),
    ...line(alreadyThere, "in the key backup of your new account before"),
    ...line(unusable, `that no app can use, so I did not send ${unusable === 1 ? "it" : "them"}`),
    ...line(lostCount, "that the server of your new account took, but does not have"),
  ];
  return items.length === 0 ? [] : [list(items)];
}

function line(count: number, words: string): Inline[][] {
  return count === 0 ? [] : [[strong(formatCount(count)), ` ${words}`]];
}

/** What the person does, and what is normal. */
function afterwards(): Block[] {
  return [
    paragraph("So that your apps find the keys:"),
    list([
      "Element Web or Desktop: reload it (Ctrl+R).",
      "Element X: close the app completely and open it again.",
    ]),
    paragraph(
      "A grey shield at old messages (“the authenticity of this message can't be guaranteed”) is normal for copied keys. Messages that a room's history setting hides from new members stay hidden; no key changes that.",
    ),
  ];
}

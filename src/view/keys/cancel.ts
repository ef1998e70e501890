import type { Side } from "../../model/account.ts";
import type { KeyCopy } from "../../model/key-copy.ts";
import { sideName, sideWord } from "../account/sign-in.ts";
import type { Inline } from "../document/document.ts";
import { code, list, paragraph } from "../document/document.ts";
import type { Message } from "../document/message.ts";
import { notice } from "../document/message.ts";
import { keysDone, workCommand, workNames } from "./work-words.ts";

/** `!cancel keys`. */
export function workCancelled(copy: KeyCopy | null, prefix: string): Message {
  if (copy === null)
    return notice(
      paragraph(
        "No work with your keys is under way, so there was nothing to cancel. ",
        code(`${prefix}keys status`),
        " shows where you are.",
      ),
    );
  return notice(
    paragraph(
      `${workNames[copy.purpose]} is cancelled, and what opened the keys is erased. `,
      ...(copy.done > 0 && copy.purpose !== "export"
        ? [`It had come to ${keysDone(copy)}; these stay copied. `]
        : []),
      code(workCommand(copy.purpose, prefix)),
      " begins again.",
    ),
  );
}

/** `!cancel`, while work with keys runs and nothing waits. */
export function onlyWorkRuns(copy: KeyCopy, prefix: string): Message {
  return notice(
    paragraph(
      `Nothing waits for you. ${workNames[copy.purpose]} is under way: `,
      code(`${prefix}cancel keys`),
      " ends it.",
    ),
  );
}

/** What waits for a person: sign-ins by link, and work with keys. */
export interface Waiting {
  sides: readonly Side[];
  copy: KeyCopy | null;
}

/** `!cancel`, while both a sign-in and work with keys wait. */
export function whichToCancel({ sides, copy }: Waiting, prefix: string): Message {
  return notice(
    paragraph("Several things wait. Which one do you want to end?"),
    list([
      ...sides.map((side): Inline[] => [
        code(`${prefix}cancel ${sideWord(side)}`),
        ` – the sign-in of your ${sideName(side)}`,
      ]),
      ...(copy === null
        ? []
        : [[code(`${prefix}cancel keys`), ` – ${workNames[copy.purpose].replace(/^The/u, "the")}`]]),
    ]),
  );
}

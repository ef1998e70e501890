import { code, paragraph, strong } from "../document/document.ts";
import type { Message } from "../document/message.ts";
import { alert } from "../document/message.ts";

/** A run cannot go on, because what was stored about it cannot be read. */
export function runLost(prefix: string): Message {
  return alert(
    paragraph(
      strong("Your move cannot go on. "),
      "What I stored about it cannot be read any more. Everything done so far stays as it is.",
    ),
    paragraph("Send ", code(`${prefix}migrate plan`), " for a new plan. It leaves out what is done already."),
  );
}

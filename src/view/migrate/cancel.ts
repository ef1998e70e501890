import type { CancelResult } from "../../service/run/results.ts";
import { code, paragraph } from "../document/document.ts";
import type { Message } from "../document/message.ts";
import { notice } from "../document/message.ts";
import { runNames } from "../words/run-words.ts";
import { keptEnded, replacedNote } from "./kept.ts";
import { deedsBlocks } from "./summary.ts";

/** The answer to `!migrate cancel`. What was done stays done, and is listed. */
export function cancelAnswer(result: CancelResult, prefix: string): Message {
  if (result.status === "no_run")
    return notice(
      paragraph(
        "Nothing is under way, so there is nothing to cancel. ",
        code(`${prefix}migrate status`),
        " shows where you are.",
      ),
    );
  if (result.status === "kept_ended") return keptEnded(result, prefix);
  const summary = deedsBlocks(result.summary);
  const name = runNames[result.run.purpose];
  return notice(
    paragraph(
      `${name} is cancelled. `,
      summary.length > 0
        ? "What is done stays done."
        : result.isIdle
          ? "Nothing was written."
          : "I know of nothing that was written.",
    ),
    ...summary,
    ...replacedNote(result.ended, prefix),
    ...(result.isIdle
      ? []
      : [
          paragraph(
            "A server has not answered my last request yet. That request may still take effect; it is not counted here.",
          ),
        ]),
    paragraph(
      ...(summary.length === 0 && result.isIdle
        ? []
        : [code(`${prefix}migrate undo`), " takes back what can be taken back. "]),
      "For the rest, plan again: ",
      code(`${prefix}migrate plan`),
      ".",
    ),
  );
}

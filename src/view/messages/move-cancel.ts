import type { CancelResult } from "../../service/run-results.ts";
import { code, paragraph } from "../document.ts";
import type { Message } from "../message.ts";
import { notice } from "../message.ts";
import { deedsBlocks } from "./run-deeds.ts";
import { runNames } from "./run-words.ts";

/** `!migrate cancel`: what was done stays, and is told. */
export function cancelAnswer(result: CancelResult, prefix: string): Message {
  if (result.status === "no_run")
    return notice(
      paragraph(
        "Nothing is under way, so there is nothing to cancel. ",
        code(`${prefix}migrate status`),
        " shows where you are.",
      ),
    );
  const deeds = deedsBlocks(result.deeds);
  const name = runNames[result.run.purpose];
  return notice(
    paragraph(
      deeds.length === 0 ? `${name} is cancelled. Nothing was written.` : `${name} is cancelled. What is done stays done.`,
    ),
    ...deeds,
    paragraph(
      ...(deeds.length === 0 ? [] : [code(`${prefix}migrate undo`), " takes back what can be taken back. "]),
      "For the rest, plan again: ",
      code(`${prefix}migrate plan`),
      ".",
    ),
  );
}

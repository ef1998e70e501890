import type { CancelResult, CancelledRun } from "../../service/run/results.ts";
import type { Block } from "../document/document.ts";
import { code, paragraph, strong } from "../document/document.ts";
import type { Message } from "../document/message.ts";
import { notice } from "../document/message.ts";
import { runList, runNames } from "../words/run-words.ts";
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
  const { run, others } = result;
  const summary = others.length === 0 ? deedsBlocks(result.summary) : [result, ...others].flatMap(deedsOfOne);
  return notice(
    paragraph(
      `${runList(
        run,
        others.map((other) => other.run),
      )} cancelled. `,
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
    run.purpose === "leave"
      ? paragraph(
          "Leaving can't be taken back. ",
          code(`${prefix}leave-old moved`),
          " leaves the other rooms.",
        )
      : paragraph(
          ...(summary.length === 0 && result.isIdle
            ? []
            : [code(`${prefix}migrate undo`), " takes back what can be taken back. "]),
          "For the rest, plan again: ",
          code(`${prefix}migrate plan`),
          ".",
        ),
  );
}

/** What one of several runs did; nothing if it did nothing. */
function deedsOfOne({ run, summary }: CancelledRun): Block[] {
  const deeds = deedsBlocks(summary);
  return deeds.length === 0 ? [] : [paragraph(strong(runNames[run.purpose])), ...deeds];
}

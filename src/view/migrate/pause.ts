import type { PauseResult, ResumeResult, RunStatus } from "../../service/run/results.ts";
import type { Inline } from "../document/document.ts";
import { code, paragraph } from "../document/document.ts";
import type { Message } from "../document/message.ts";
import { notice } from "../document/message.ts";
import { runList, runNames } from "../words/run-words.ts";
import { keptEnded, keptTried, replacedNote } from "./kept.ts";

/** Shown while a pause waits for the requests under way. */
export function stoppingAfterRequest(): Message {
  return notice(paragraph("Stopping. I only finish the requests that are already on their way …"));
}

/** `!migrate pause`. */
export function pauseAnswer(result: PauseResult, prefix: string): Message {
  if (result.status === "not_running") return notice(paragraph(...currentState(result.run, prefix)));
  if (result.status === "kept_ended") return keptEnded(result, prefix);
  return notice(
    paragraph(
      `${runList(result.run, result.others)} paused. `,
      result.isIdle
        ? "Nothing is half done. "
        : "A server has not answered my last request yet. Before I repeat it, I check whether it is done. ",
      code(`${prefix}migrate resume`),
      ` resumes ${result.others.length > 0 ? "all of it" : "it"}, `,
      code(`${prefix}migrate cancel`),
      ` ends ${result.others.length > 0 ? "all of it" : "it"}.`,
    ),
    ...replacedNote(result.ended, prefix),
  );
}

/** `!migrate resume`. */
export function resumeAnswer(result: ResumeResult, prefix: string): Message {
  if (result.status === "kept_tried") return keptTried(result.kind, prefix);
  if (result.status === "not_paused") return notice(paragraph(...currentState(result.run, prefix)));
  return notice(
    paragraph(
      `${runList(result.run, result.others)} resumed. `,
      code(`${prefix}migrate status`),
      " shows how far it is.",
    ),
  );
}

/** Why there is nothing to pause or to resume. */
function currentState(run: RunStatus | null, prefix: string): Inline[] {
  if (run === null) return ["Nothing is under way. ", code(`${prefix}migrate start`), " begins a move."];
  const name = runNames[run.purpose];
  const status = code(`${prefix}migrate status`);
  switch (run.state) {
    case "running":
      return [`${name} is under way. `, status, " shows how far it is."];
    case "paused":
      return [`${name} is already paused. `, code(`${prefix}migrate resume`), " resumes it."];
    case "needs_you":
      return [`${name} has stopped and waits for you. `, status, " says what for."];
    case "watching":
      return [
        `${name} is done; I only watch the rooms that wait for somebody. `,
        code(`${prefix}report`),
        " shows them.",
      ];
    case "over":
      return [`${name} is over. `, code(`${prefix}report`), " shows the result."];
  }
}

import { isMove } from "../../model/run-tracks.ts";
import type { RunPurpose } from "../../model/run.ts";
import type { CancelResult, CancelledRun } from "../../service/run/results.ts";
import { openedChatBlocks } from "../contact/direct-chats-opened.ts";
import { questionBlocks } from "../contact/questions-sent.ts";
import type { Block, Inline } from "../document/document.ts";
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
  const cancelled = [result, ...others];
  const summary = others.length === 0 ? deeds(result) : cancelled.flatMap(deedsOfOne);
  const didSomething = cancelled.some(hasDone);
  return notice(
    paragraph(
      `${runList(
        run,
        others.map((other) => other.run),
      )} cancelled. `,
      didSomething
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
      ...(cancelled.some(canUndo) && (didSomething || !result.isIdle)
        ? [code(`${prefix}migrate undo`), " takes back what can be taken back. "]
        : []),
      ...nextSteps(cancelled, prefix),
    ),
  );
}

/** What a run did, and which questions and chats it could not send. */
function deeds({ summary }: Pick<CancelledRun, "summary">): Block[] {
  return [...deedsBlocks(summary), ...questionBlocks(summary.questions), ...openedChatBlocks(summary.chats)];
}

function hasDone({ summary }: Pick<CancelledRun, "summary">): boolean {
  return (
    deedsBlocks(summary).length > 0 ||
    summary.questions.some(({ result }) => result === "sent") ||
    summary.chats.some(({ problem }) => problem === null)
  );
}

/** What one of several runs did; nothing if it did nothing. */
function deedsOfOne(cancelled: CancelledRun): Block[] {
  const blocks = deeds(cancelled);
  return blocks.length === 0 ? [] : [paragraph(strong(runNames[cancelled.run.purpose])), ...blocks];
}

/** Whether a run makes changes that an undo takes back. Messages and invitations to chats stay. */
function canUndo({ run: { purpose }, summary }: CancelledRun): boolean {
  const stays: readonly RunPurpose[] = ["ask", "direct_chats", "announce", "leave"];
  return !stays.includes(purpose) || summary.knocks > 0;
}

/** What to do about the rest, once for runs that the same command begins. */
function nextSteps(cancelled: readonly CancelledRun[], prefix: string): Inline[] {
  const purposes = new Set(cancelled.map(({ run }) => (isMove(run) ? "move" : run.purpose)));
  return [...purposes].flatMap((purpose, index) => [index > 0 ? " " : "", ...nextStep(purpose, prefix)]);
}

function nextStep(purpose: RunPurpose, prefix: string): Inline[] {
  switch (purpose) {
    case "ask":
      return [
        code(`${prefix}ask`),
        " asks the others. When somebody lets your new account in, ",
        code(`${prefix}join-all`),
        " joins.",
      ];
    case "knock":
      return [code(`${prefix}knock`), " knocks at the other rooms."];
    case "direct_chats":
      return [code(`${prefix}dm`), " opens the other chats."];
    case "announce":
      return [code(`${prefix}announce`), " tells the other rooms."];
    case "rename":
      return [code(`${prefix}rename-old`), " changes the other names."];
    case "mentions":
      return [code(`${prefix}finish mentions`), " makes the rule again."];
    case "leave":
      return ["Leaving can't be taken back. ", code(`${prefix}leave-old moved`), " leaves the other rooms."];
    default:
      return ["For the rest, plan again: ", code(`${prefix}migrate plan`), "."];
  }
}

import { asksPeople, isMove } from "../../model/run-tracks.ts";
import type { Kept } from "../../service/run/kept-request.ts";
import type { RunStatus, RunWait } from "../../service/run/results.ts";
import { accountProblem, accountRemedy } from "../account/account-problem.ts";
import { sideName } from "../account/sign-in.ts";
import type { Block, Inline } from "../document/document.ts";
import { code, cutList, list, paragraph, strong } from "../document/document.ts";
import type { Message } from "../document/message.ts";
import { notice } from "../document/message.ts";
import { counted, waitVerb } from "../document/numbers.ts";
import { formatClock, formatMoment, formatTime } from "../document/time.ts";
import { untrustedCode } from "../document/untrusted-text.ts";
import { comparesWords, oldServerBack } from "../words/from-file.ts";
import { keptLine } from "../words/kept-words.ts";
import { progressBar } from "../words/progress-bar.ts";
import { accountsOf, isAboutRooms, runNames, stepNoun } from "../words/run-words.ts";
import { NOT_WATCHED } from "./watch-hindered.ts";

/**
 * There are seldom more, and each edit carries all of them four times (view/README.md, "Edits").
 */
const MAX_WAITS = 6;

/**
 * The progress of a run: the message that is edited during the run, and the answer to `!migrate
 * status`. Two statuses are equal to a reader if they are rendered equally at the same `now`.
 */
export function progressMessage(status: RunStatus, now: number, prefix: string): Message {
  return notice(
    paragraph(strong(runNames[status.purpose]), " ", ...accountsOf(status), " ", ...stateWords(status, now)),
    bar(status),
    ...roomsLeft(status),
    ...(status.isHeldBack
      ? [
          paragraph(
            "A server has not answered the last request of the run before. I begin when it has, so that I miss nothing that it writes.",
          ),
        ]
      : []),
    ...waits(status, now),
    ...(status.state === "running" && status.expectedEnd !== null
      ? [paragraph(`I expect to be done at ${formatMoment(status.expectedEnd, now)}.`)]
      : []),
    ...oldServerBack(status, prefix),
    ...(hasResumed(status) ? [paragraph("I was restarted in between and resumed by myself.")] : []),
    paragraph(...nextStep(status, prefix)),
  );
}

/** The answer to `!migrate status`: what is kept comes before the runs. */
export function statusAnswer(
  { runs, kept }: { runs: readonly RunStatus[]; kept: Kept | null },
  now: number,
  prefix: string,
): Message {
  const ofRuns = runs.flatMap((run) => progressMessage(run, now, prefix).document);
  if (kept === null) return runs.length === 0 ? noRunYet(prefix) : notice(...ofRuns);
  return notice(paragraph(...keptLine(kept, now, prefix)), ...ofRuns);
}

/** The answer to `!migrate status` before anything was started. */
export function noRunYet(prefix: string): Message {
  return notice(
    paragraph(
      "Nothing was started yet. ",
      code(`${prefix}migrate plan`),
      " shows what a move would do, and ",
      code(`${prefix}migrate start`),
      " does it.",
    ),
  );
}

/**
 * The final message says it too, because a short run may end before the progress message is sent.
 */
function hasResumed({ wasInterrupted, state, isCancelled }: RunStatus): boolean {
  return wasInterrupted && !isCancelled && (state === "running" || state === "watching" || state === "over");
}

function stateWords({ state, isCancelled, endedAt, filesGone }: RunStatus, now: number): Inline[] {
  const ended = endedAt === null ? "" : ` since ${formatTime(endedAt)}`;
  switch (state) {
    case "running":
      return ["is under way, as of ", formatClock(now), "."];
    case "paused":
      return ["is ", strong("paused"), "."];
    case "needs_you":
      return [strong("waits for you"), "."];
    case "watching":
      return [
        `is done${ended}.${filesGone === undefined ? " I keep watching the rooms that wait for somebody." : ""}`,
      ];
    case "over":
      return [
        isCancelled
          ? `was cancelled${ended === "" ? "" : `, ${formatTime(endedAt ?? now)}`}.`
          : `is over${ended}.`,
      ];
  }
}

function bar(status: RunStatus): Block {
  const { rooms, steps } = status;
  const stepsTotal = steps.total - steps.dormant;
  const stepWords = `${steps.done} of ${counted(stepsTotal, stepNoun(status))}`;
  // Steps that wait for other people do not count, so that the bar can become full.
  const roomsTotal = rooms.done + rooms.open + rooms.failed;
  const hasSteps = !isAboutRooms(status) || roomsTotal === 0;
  // The dropped steps of a cancelled run are in no total, so its bar would be full.
  if (hasSteps && status.isCancelled)
    return paragraph(`${counted(steps.done, stepNoun(status))} done before.`);
  if (hasSteps) return paragraph(code(progressBar(steps.done, stepsTotal)), ` ${stepWords} done`);
  return paragraph(
    code(progressBar(rooms.done, roomsTotal)),
    ` ${rooms.done} of ${counted(roomsTotal, "room")} done, and ${stepWords}`,
  );
}

function roomsLeft(status: RunStatus): Block[] {
  const { needsModerator, needsYou, failed } = status.rooms;
  const items: string[] = isAboutRooms(status)
    ? [
        ...(needsModerator > 0
          ? [`${counted(needsModerator, "room")} ${waitVerb(needsModerator)} for somebody's help`]
          : []),
        ...(needsYou > 0
          ? [`${counted(needsYou, "room")} ${waitVerb(needsYou)} for something from you`]
          : []),
        ...(failed > 0 ? [`${counted(failed, "room")} did not work`] : []),
      ]
    : [];
  const failedSteps = status.steps.failed;
  if (failedSteps > 0 && failed === 0)
    items.push(
      status.purpose === "leave"
        ? `it stays in ${counted(failedSteps, "room")}`
        : `${counted(failedSteps, stepNoun(status))} did not work`,
    );
  return items.length === 0 ? [] : [list(items)];
}

function waits(status: RunStatus, now: number): Block[] {
  const { waits: all, state } = status;
  if (all.length === 0 || state !== "running") return [];
  const lines = all.map((wait) => waitLine(wait, status, now));
  return [paragraph(strong("What I wait for")), cutList(lines, MAX_WAITS)];
}

function waitLine(wait: RunWait, { isFromFile }: RunStatus, now: number): Inline[] {
  const server = code(untrustedCode(wait.serverName));
  const when = wait.until === null ? null : formatMoment(wait.until, now);
  const what =
    wait.steps === 0
      ? `only the final check of ${isFromFile ? "your new account" : "both accounts"} waits`
      : `${counted(wait.steps, "step")} ${waitVerb(wait.steps)}`;
  const waiting = `; ${what} for that`;
  switch (wait.waitingFor) {
    case "limit":
      return [server, ` ${limitWords(wait)} `, when === null ? "a little later" : `at ${when}`, waiting];
    case "server":
      return [server, " does not answer; I try again ", when === null ? "in a while" : `at ${when}`, waiting];
    case "room":
      return [
        "other servers of some rooms do not answer; I try again through ",
        server,
        when === null ? " in a while" : ` at ${when}`,
        waiting,
      ];
    case "daily_limit":
      return [
        "I open no more new chats today, because many at once look like spam; the next ",
        when === null ? "a little later" : `at ${when}`,
        waiting,
      ];
  }
}

function limitWords({ limit, side }: RunWait): string {
  const account = `your ${sideName(side)}`;
  switch (limit) {
    case "invitations":
      return `lets ${account} send the next invitation`;
    case "messages":
      return `takes the next change in a room from ${account}`;
    case "joins":
      return `lets ${account} join the next room`;
    case "remote_joins":
      return `lets ${account} join the next room that is new to it`;
    case "room_creation":
      return `lets ${account} open the next chat`;
    case null:
      return `takes the next request from ${account}`;
  }
}

function nextStep(status: RunStatus, prefix: string): Inline[] {
  const { state, problem, source, target, filesGone } = status;
  switch (state) {
    case "running":
      return [code(`${prefix}migrate pause`), " pauses it, ", code(`${prefix}migrate cancel`), " ends it."];
    case "paused":
      return [code(`${prefix}migrate resume`), " resumes it, ", code(`${prefix}migrate cancel`), " ends it."];
    case "needs_you": {
      if (problem === null) return [code(`${prefix}whoami`), " shows how your accounts are signed in."];
      const view = { ...problem, userId: problem.side === "source" ? source : target, prefix, filesGone };
      return [...accountProblem(view), " ", ...accountRemedy(view)];
    }
    case "watching": {
      if (problem !== null && filesGone !== undefined) {
        const view = { ...problem, userId: source, prefix, filesGone };
        return [...accountProblem(view), " ", NOT_WATCHED, " ", ...accountRemedy(view)];
      }
      return [code(`${prefix}report`), " shows who can let you in.", ...keysOf(status, prefix)];
    }
    case "over":
      return afterRun(status, prefix);
  }
}

function afterRun(status: RunStatus, prefix: string): Inline[] {
  if (asksPeople(status)) return [code(`${prefix}report`), " shows who can let you in, and who was asked."];
  if (!isMove(status))
    return [code(`${prefix}finish`), " shows what is left before you let your old account go."];
  return [
    code(`${prefix}report`),
    " lists what is left, ",
    code(`${prefix}migrate verify`),
    comparesWords(status),
    ...keysOf(status, prefix),
  ];
}

/** A run copies no keys, so its numbers say nothing about them. */
function keysOf({ purpose }: RunStatus, prefix: string): Inline[] {
  if (purpose !== "move") return [];
  return [" ", code(`${prefix}keys status`), " shows the keys of encrypted history."];
}

import type { FinishLine, FinishState } from "../../model/finish-state.ts";
import { FINISH_LINES, isLineDone, isLinePossible } from "../../model/finish-state.ts";
import type { FinishResult } from "../../service/finish/checklist.ts";
import { cannotDecide } from "../account/reading.ts";
import type { Block, Inline } from "../document/document.ts";
import { code, list, paragraph, strong } from "../document/document.ts";
import type { Message } from "../document/message.ts";
import { notice } from "../document/message.ts";
import { counted, formatCount } from "../document/numbers.ts";
import { formatTime } from "../document/time.ts";
import { untrustedCode } from "../document/untrusted-text.ts";
import { accountsOf } from "../words/run-words.ts";

/** The command of each line; `null`: nobody can do it now. */
function commandOf(line: FinishLine, state: FinishState): string | null {
  if (isLinePossible(line, state)) return commands[line];
  return line === "keys" ? "keys import" : null;
}

/** The command of each line. */
const commands: Readonly<Record<FinishLine, string>> = {
  verify: "migrate verify",
  keys: "keys copy",
  rename: "rename-old",
  leave: "leave-old moved",
  mentions: "finish mentions",
  sessions: "finish sessions",
  end: "finish end",
  close: "finish close",
};

/** `!finish`: a line each for what is left, with its command and its state in numbers. */
export function finishAnswer(result: FinishResult, prefix: string): Message {
  switch (result.status) {
    case "not_signed_in":
    case "not_read":
      return cannotDecide(result, prefix, "The checklist");
    case "checked":
      return notice(
        paragraph(strong("The end of your move "), ...accountsOf(result.state), ". Nothing was changed."),
        ...fromFileNote(result.state, prefix),
        checklist(result.state, prefix),
        paragraph(...nextStep(result.state, prefix)),
      );
    case "remembered":
      return notice(
        paragraph(
          strong("The end of your move "),
          ...accountsOf(result.state),
          `. I am signed out${result.state.endedAt === null ? " of your old account" : ""}, so this is what your servers said on ${formatTime(result.state.at)}.`,
        ),
        checklist(result.state, prefix),
        paragraph(...nextStep(result.state, prefix)),
      );
  }
}

function checklist(state: FinishState, prefix: string): Block {
  return list(
    FINISH_LINES.map((line): Inline[] => {
      const command = commandOf(line, state);
      return [
        isLineDone(line, state) ? "✅ " : "▫️ ",
        ...wordsOf(line, state, prefix),
        ...(command === null ? [] : [" ", code(`${prefix}${command}`)]),
      ];
    }),
  );
}

/** Why some lines cannot be done, and what makes them possible. */
function fromFileNote({ isFromFile, source }: FinishState, prefix: string): Block[] {
  if (isFromFile !== true) return [];
  return [
    paragraph(
      "I know your old account only from your files, so some of this can't be done. If its server comes back: ",
      code(`${prefix}login old ${untrustedCode(source)}`),
      ".",
    ),
  ];
}

/** The lines that are still open, for a question after which they cannot be done any more. */
export function openLines(state: FinishState, prefix: string): Inline[][] {
  return FINISH_LINES.filter(
    (line) => line !== "sessions" && line !== "end" && line !== "close" && !isLineDone(line, state),
  ).map((line) => [...wordsOf(line, state, prefix), " ", code(`${prefix}${commands[line]}`)]);
}

function wordsOf(line: FinishLine, state: FinishState, prefix: string): Inline[] {
  switch (line) {
    case "verify":
      return [strong("Moved: "), movedWords(state)];
    case "keys":
      return [strong("Keys of encrypted history: "), keyWords(state)];
    case "rename":
      return [strong("Name: "), ...nameWords(state, prefix)];
    case "leave":
      return [strong("Rooms of your old account: "), leavingWords(state)];
    case "mentions":
      return [
        strong("Mentions: "),
        state.hasMentionRule
          ? "whoever mentions your old account reaches the new one."
          : "whoever mentions your old account does not reach the new one.",
      ];
    case "sessions":
      return [strong("Sessions of your old account: "), sessionWords(state)];
    case "end":
      return [strong("The bot: "), endWords(state)];
    case "close":
      return [strong("Closing your old account: "), "I never do it. How and when to do it yourself:"];
  }
}

function movedWords(state: FinishState): string {
  const { rooms, moved, missing, canBegin } = state.comparison;
  const others =
    missing === 0
      ? "and everything else is there"
      : `and ${formatCount(missing)} other ${missing === 1 ? "thing is" : "things are"} missing`;
  const rest =
    isLineDone("verify", state) || canBegin ? "" : " The rest waits for other people or can't be moved.";
  return `your new account is in ${formatCount(moved)} of ${counted(rooms, "room")} of your old one, ${others}.${rest}`;
}

function keyWords({ isFromFile, keys: { expected, toCopy, isUnreadable } }: FinishState): string {
  if (isFromFile === true)
    return "I can't see those of your old account. If an app of yours still has them, export them there to a file:";
  if (isUnreadable) return "a server does not show its key backup just now.";
  if (toCopy > 0) return `${formatCount(toCopy)} of ${counted(expected, "key")} can be copied.`;
  return expected === 0
    ? "there is nothing to copy."
    : `of ${counted(expected, "key")} none is left to copy.`;
}

function nameWords(
  { isFromFile, name: { name, isRenamed, announced } }: FinishState,
  prefix: string,
): Inline[] {
  if (isFromFile === true) return ["only your old account itself can change it."];
  const called: Inline[] =
    name === null
      ? ["your old account has no name"]
      : ["your old account is called ", code(untrustedCode(name, 100))];
  return [
    ...called,
    isRenamed ? ", which says where you are" : ", which does not say where you are",
    `. ${counted(announced, "room")} ${announced === 1 ? "was" : "were"} told (`,
    code(`${prefix}announce`),
    ").",
  ];
}

function leavingWords({
  isFromFile,
  leaving: { left, open, kept, hasBegun, notMoved },
}: FinishState): string {
  if (isFromFile === true) return "it stays in them, because only the account itself can leave.";
  const parts = [
    `${formatCount(left)} left`,
    ...(open > 0 ? [`${formatCount(open)} can be left`] : []),
    ...(kept > 0 ? [`${formatCount(kept)} kept${hasBegun && open === 0 ? " on purpose" : ""}`] : []),
    ...(notMoved > 0 ? [`${formatCount(notMoved)} not moved`] : []),
  ];
  return `${parts.join(", ")}.`;
}

function sessionWords({ isFromFile, signedOut, otherSessions }: FinishState): string {
  if (isFromFile === true) return "only its own server can end them.";
  if (signedOut?.state === "done") return `all were ended on ${formatTime(signedOut.at)}.`;
  if (otherSessions === null) return "your server does not list them just now.";
  return otherSessions === 0 ? "none but mine." : `${formatCount(otherSessions)} besides mine.`;
}

function endWords({ isFromFile, endedAt, signedOut }: FinishState): string {
  if (endedAt !== null) return `I ended my sessions on ${formatTime(endedAt)}.`;
  if (isFromFile === true) return "I am still signed in to your new account, and keep your files.";
  return signedOut?.state === "done"
    ? "I am still signed in to your new account."
    : "I am still signed in to both accounts.";
}

function nextStep(state: FinishState, prefix: string): Inline[] {
  // Without sessions of the old account nothing else can be done.
  const lines = state.signedOut?.state === "done" ? (["end"] as const) : FINISH_LINES;
  // What the bot can't move alone does not hold up the rest.
  const isOpen = (line: FinishLine): boolean =>
    isLinePossible(line, state) &&
    !isLineDone(line, state) &&
    (line !== "verify" || state.comparison.canBegin);
  const next = lines.find(isOpen) ?? "close";
  return ["Next: ", code(`${prefix}${commands[next]}`), "."];
}

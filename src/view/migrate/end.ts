import type { AccountProblemCode } from "../../model/account-problem.ts";
import { isAccountProblemCode } from "../../model/account-problem.ts";
import type { ReportRoom } from "../../model/report.ts";
import { roomsByCause } from "../../model/rooms-left.ts";
import type { StepProblem, StepProblemCode } from "../../model/step-outcome.ts";
import type { RunEnd } from "../../service/run/results.ts";
import { afterDirectChats, openedChatBlocks } from "../contact/direct-chats-opened.ts";
import { afterKnocks } from "../contact/knock.ts";
import { afterQuestions, questionBlocks } from "../contact/questions-sent.ts";
import type { Block, Inline } from "../document/document.ts";
import { code, list, numberedList, paragraph, strong } from "../document/document.ts";
import type { Message } from "../document/message.ts";
import { alert } from "../document/message.ts";
import { untrustedText } from "../document/untrusted-text.ts";
import { mentionsChanged } from "../finish/mentions.ts";
import { leavingEnded } from "../leave/end.ts";
import { jsonReport } from "../rooms/report-files.ts";
import { causeTitle, leftRoomLine } from "../rooms/report.ts";
import { accountProblemClause } from "../words/account-problem-words.ts";
import { categoryWords } from "../words/category-words.ts";
import { comparesWords, oldServerBack } from "../words/from-file.ts";
import { missingKeys } from "../words/key-words.ts";
import { notMovedText } from "../words/not-moved.ts";
import { roomNames, shownRoomName } from "../words/room-line.ts";
import { accountsOf, isAboutRooms, runNames } from "../words/run-words.ts";
import { unseenRooms } from "../words/unseen-rooms.ts";
import { deedsBlocks } from "./summary.ts";

/** The longest list in the message itself. The file has all. */
const MAX_LINES = 10;
const MAX_NAMES = 3;

/**
 * The end of a run: what was done, what is left and why, and what to do next. Its rooms are
 * numbered as in `!report`; from now on `#3` refers to this list.
 */
export function runEnded(end: RunEnd, prefix: string): Message {
  const { run, report, summary, failures } = end;
  if (run.purpose === "leave") return leavingEnded(end, prefix);
  if (run.purpose === "mentions" && summary.mentions !== undefined)
    return mentionsChanged(run.source, summary.mentions, prefix);
  const left = isAboutRooms(run) ? leftRooms(report.rooms) : [];
  return {
    ...alert(
      paragraph(
        strong(`${runNames[run.purpose]} ${run.isCancelled ? "was cancelled" : "is done"}.`),
        " ",
        ...accountsOf(run),
        ...counts(end),
      ),
      ...deedsBlocks(summary),
      ...questionBlocks(summary.questions),
      ...openedChatBlocks(summary.chats),
      ...failureList(failures, summary),
      ...(showsRooms(end) ? leftList(end, prefix) : []),
      ...missing(end),
      ...unseenRooms(end.unseen, run.source),
      ...(run.purpose === "move" ? staysBehind(end) : []),
      ...oldServerBack(run, prefix),
      paragraph(...nextStep(end, left, prefix)),
    ),
    ...(left.length > 0 && { attachments: [jsonReport(report, `report-${run.number}.json`)] }),
  };
}

/** Whether the end has a numbered list of rooms. */
export function showsRooms({ run, report }: Pick<RunEnd, "run" | "report">): boolean {
  return run.purpose === "move" && leftRooms(report.rooms).length > 0;
}

function leftRooms(rooms: readonly ReportRoom[]): ReportRoom[] {
  return rooms.filter((room) => room.status !== "done" && room.route !== "excluded");
}

function counts({ run, report }: RunEnd): Inline[] {
  const chosen = report.rooms.filter((room) => room.route !== "excluded");
  // An invitation alone does not complete a room.
  if (!isAboutRooms(run) || run.purpose === "invitations" || chosen.length === 0) return ["."];
  const done = chosen.filter((room) => room.status === "done").length;
  return [": ", strong(`${done} of ${chosen.length}`), ` ${chosen.length === 1 ? "room" : "rooms"} done.`];
}

/** The rooms that are left, grouped by cause, with the people who can help. */
function leftList({ report, moreHelpers }: RunEnd, prefix: string): Block[] {
  const groups = roomsByCause({ ...report, rooms: leftRooms(report.rooms) });
  const left = groups.flatMap(({ rooms }) => rooms);
  const total = left.length;
  const nameOf = roomNames(left);
  const blocks: Block[] = [];
  let shown = 0;
  for (const { cause, rooms } of groups) {
    const cut = rooms.slice(0, MAX_LINES - shown);
    if (cut.length === 0) break;
    blocks.push(
      paragraph(strong(`${causeTitle(cause, report)} (${rooms.length})`)),
      numberedList(
        cut.map((room) =>
          leftRoomLine(room, {
            name: nameOf(room),
            more: moreHelpers.get(room.roomId) ?? 0,
            mostNames: MAX_NAMES,
            report,
          }),
        ),
        shown + 1,
      ),
    );
    shown += cut.length;
  }
  const note =
    total > shown
      ? [paragraph(`These are the first ${shown} of ${total} rooms; `, code(`${prefix}report`), " has all.")]
      : [];
  return [...blocks, ...note];
}

const problemWords: Readonly<Record<Exclude<StepProblemCode, AccountProblemCode>, string>> = {
  account_limit: "the server lets the account join or invite no more",
  refused: "the server refused",
  blocked_by_server: "a server's administrator blocked the room",
  unreachable_server: "no server of the room answers",
  invite_blocked: "your new account refuses invitations",
  no_power: "somebody with more power must do it",
  partner_refused: "they, or their server, take no invitation",
  room_encrypted: "the room is encrypted, so I wrote nothing",
  room_grew: "more people are in the room than before, so I wrote nothing",
  not_signed_in: "this needs your old account itself, and I know it only from your files",
  unreadable: "the existing data can't be read, so I left it alone",
  no_image: "the file is not a picture, so I left it out",
  gone: "it is no longer there",
  changed_since: "somebody has changed it since",
  history_missing:
    "your new server does not show messages as old as the last one you had read, so the oldest one it shows counts as read",
  source_not_joined: "your old account is not in the room any more, so your new one stayed",
  last_member: "nobody else is in the room, so your new account stayed",
  last_admin: "nobody else in the room has that power, so your new account kept it",
  needs_invitation: "somebody would have to let your new account in again, so it stayed",
  not_moved: "your new account is not in the room, so your old one stayed",
  less_power: "your new account has less power in the room, so your old one stayed",
  keys_missing: "your new account's backup may lack keys of the room, so your old one stayed",
  asked: "your old account has asked somebody there, so it stayed",
  server_notices: "a server lets nobody leave the room of its notices",
  server_trouble: "the server failed several times",
};

function failureList(failures: RunEnd["failures"], { told, names }: RunEnd["summary"]): Block[] {
  const lines = [
    ...failures.map(({ item, problem }): Inline[] => [
      strong(untrustedText(item, 100)),
      `: ${failureWords(problem)}`,
    ]),
    ...[...told, ...names].flatMap(({ roomId, name, problem }): Inline[][] => {
      if (problem === null) return [];
      const subject =
        roomId === null
          ? [strong("The name of your old account")]
          : shownRoomName({ name, alias: null, roomId });
      return [[...subject, `: ${failureWords(problem)}`]];
    }),
  ];
  if (lines.length === 0) return [];
  const cut = lines.length > MAX_LINES ? ` (the first ${MAX_LINES} of ${lines.length})` : "";
  return [paragraph(strong("What did not work"), cut), list(lines.slice(0, MAX_LINES))];
}

function failureWords({ code: problem, serverText }: StepProblem): string {
  const words = isAccountProblemCode(problem) ? accountProblemClause(problem) : problemWords[problem];
  return serverText === null || serverText === ""
    ? words
    : `${words}. It says: ${untrustedText(serverText, 200)}`;
}

/** Categories with missing items. Rooms have a list of their own, and keys the next step. */
function missing({ run, report }: RunEnd): Block[] {
  if (run.purpose !== "move" && run.purpose !== "profile") return [];
  const incomplete = report.categories.filter(
    (category) =>
      category.name !== "room_keys" &&
      category.missing.length > 0 &&
      (run.purpose === "profile" ? category.name === "profile" : category.name !== "rooms"),
  );
  if (incomplete.length === 0) return [];
  return [
    paragraph(strong("Not complete")),
    list(
      incomplete.map(({ name, present, expected }) => `${categoryWords[name]}: ${present} of ${expected}`),
    ),
  ];
}

function staysBehind({ notMoved, report }: RunEnd): Block[] {
  if (notMoved.length === 0) return [];
  return [
    paragraph(
      strong(report.isFromFile ? "What I did not take from your files" : "What stays with your old account"),
    ),
    list(notMovedText(notMoved).map((sentence) => untrustedText(sentence, 400))),
  ];
}

function nextStep({ run, report }: RunEnd, left: readonly ReportRoom[], prefix: string): Inline[] {
  switch (run.purpose) {
    case "move": {
      const waiting = left.some((room) => room.status === "needs_moderator");
      const keys = missingKeys(report, prefix);
      return [
        ...(keys.length > 0 ? [...keys, " "] : []),
        ...(waiting
          ? [
              "I keep watching: when somebody lets your new account in, I do the rest by myself. ",
              code(`${prefix}ask`),
              " asks them. ",
            ]
          : report.isFromFile && left.some((room) => room.route === "impossible")
            ? ["I keep watching: when somebody invites your new account to one of these rooms, I accept. "]
            : []),
        code(`${prefix}migrate verify`),
        `${comparesWords(report)} Keep your ${report.isFromFile ? "files" : "old account"} until you are satisfied.`,
      ];
    }
    case "invitations":
      return [
        "Next: ",
        code(`${prefix}join-all`),
        " accepts the invitations, ",
        code(`${prefix}migrate start`),
        " moves everything.",
      ];
    case "joins":
      return ["Next: ", code(`${prefix}migrate start`), " does the rest of the plan."];
    case "profile":
      return ["Next: ", code(`${prefix}migrate plan`), " shows what else can be moved."];
    case "undo":
      return [
        "Next: ",
        code(`${prefix}migrate plan`),
        report.isFromFile ? " shows what is left of your files." : " shows what your two accounts have now.",
      ];
    case "ask":
      return afterQuestions(prefix);
    case "knock":
      return afterKnocks(prefix);
    case "direct_chats":
      return afterDirectChats(prefix);
    case "announce":
    case "rename":
    case "mentions":
    case "leave":
      return ["Next: ", code(`${prefix}finish`), " shows what is left before you let your old account go."];
  }
}

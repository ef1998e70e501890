import type { AccountProblemCode } from "../../model/account-problem.ts";
import { isAccountProblemCode } from "../../model/account-problem.ts";
import type { StepProblem, StepProblemCode } from "../../model/step-outcome.ts";
import type { LeavingSummary } from "../../platforms/runs.ts";
import type { RunEnd } from "../../service/run/results.ts";
import type { Inline } from "../document/document.ts";
import { code, numberedList, paragraph, strong } from "../document/document.ts";
import type { Attachment, Message } from "../document/message.ts";
import { alert, textFile } from "../document/message.ts";
import { counted } from "../document/numbers.ts";
import { untrustedText } from "../document/untrusted-text.ts";
import { accountProblemClause } from "../words/account-problem-words.ts";
import { plainRoomName, roomNames } from "../words/room-line.ts";

/** The longest list in the message itself. The file has all. */
const MAX_LISTED = 20;

/** The end of leaving: the rooms in which the old account stays and why, and what to do next. */
export function leavingEnded({ run, summary }: Pick<RunEnd, "run" | "summary">, prefix: string): Message {
  const { left, stayed } = summary.leaving;
  const total = left + stayed.length;
  const nameOf = roomNames(stayed.map(({ room }) => room));
  const lines = stayed
    .slice(0, MAX_LISTED)
    .map(({ room, problem }): Inline[] => [...nameOf(room), `: ${stayedWords(problem)}`]);
  return {
    ...alert(
      paragraph(
        strong(run.isCancelled ? "Leaving rooms was cancelled." : "Leaving rooms is done."),
        ` Your old account left ${left} of ${counted(total, "room")}.`,
      ),
      ...(stayed.length === 0
        ? []
        : [
            paragraph(strong(`It stays in these (${stayed.length})`)),
            numberedList(lines),
            ...(stayed.length > lines.length
              ? [paragraph(`${stayed.length - lines.length} more are in the file.`)]
              : []),
          ]),
      paragraph(...nextSteps(stayed, prefix)),
    ),
    attachments: stayed.length > MAX_LISTED ? [wholeList(stayed)] : [],
  };
}

function nextSteps(stayed: LeavingSummary["stayed"], prefix: string): Inline[] {
  const hasNoKeys = stayed.some(({ problem }) => problem.code === "keys_missing");
  return [
    ...(hasNoKeys ? [code(`${prefix}keys copy`), " copies keys to your new account. "] : []),
    ...(stayed.length === 0
      ? []
      : [
          code(`${prefix}leave-old moved`),
          " tries again later. ",
          code(`${prefix}leave-old #1`),
          " says what is lost with one room, and can leave it all the same. ",
        ]),
    code(`${prefix}finish`),
    " shows what is left before you let your old account go.",
  ];
}

/** Reasons that only leaving has. */
const stayWords: Readonly<Partial<Record<Exclude<StepProblemCode, AccountProblemCode>, string>>> = {
  not_moved: "your new account is not in it",
  less_power: "your new account has less power in it",
  last_admin: "nobody else in it has its power",
  last_member: "nobody else is in it",
  keys_missing: "your new account may lack keys of its messages",
  asked: "it asked somebody for help there in the last two weeks",
  unreadable: "I could not check what would be lost",
  server_notices: "a server lets nobody leave the room of its notices",
  server_trouble: "a server failed several times, so I could not check it",
};

/** Why the old account stayed in a room. */
function stayedWords({ code: problem, serverText }: StepProblem): string {
  const words = isAccountProblemCode(problem)
    ? accountProblemClause(problem)
    : (stayWords[problem] ?? "the server refused");
  const isSaid = serverText === null || serverText === "";
  return isSaid ? words : `${words}. It says: ${untrustedText(serverText, 200)}`;
}

function wholeList(stayed: LeavingSummary["stayed"]): Attachment {
  const lines = stayed.map(
    ({ room, problem }, index) => `${index + 1}. ${plainRoomName(room)}: ${stayedWords(problem)}`,
  );
  return textFile("leave-old.txt", lines);
}

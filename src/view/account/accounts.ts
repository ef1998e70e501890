import type { Account, Side, SignInMethod } from "../../model/account.ts";
import { sides } from "../../model/account.ts";
import type { FilesOverview } from "../../model/room-file.ts";
import type { Forgotten } from "../../service/accounts/results.ts";
import type { AccountState, SignOutResult } from "../../service/accounts/results.ts";
import type { Block, Inline } from "../document/document.ts";
import { code, link, list, paragraph, strong } from "../document/document.ts";
import type { Message } from "../document/message.ts";
import { notice } from "../document/message.ts";
import { counted } from "../document/numbers.ts";
import { formatDate, formatTime } from "../document/time.ts";
import { untrustedCode } from "../document/untrusted-text.ts";
import { accountProblemClause } from "../words/account-problem-words.ts";
import { sideName, sideWord } from "./sign-in.ts";

/** Shown while the servers of both accounts are asked. */
export function askingServers(): Message {
  return notice(paragraph("Asking your servers …"));
}

/**
 * `!whoami`: both accounts, how each is signed in, and whether the session still works.
 * @param files what the person imported about the old account
 */
export function accountStates(
  states: Partial<Record<Side, AccountState>>,
  { files, prefix }: { files: FilesOverview | null; prefix: string },
): Message {
  const isKnown = (side: Side): boolean => Boolean(states[side]) || (side === "source" && files !== null);
  const missing = sides.filter((side) => !isKnown(side));
  return notice(
    list([
      files === null || states.source ? accountLine("source", states.source) : lineFromFiles(files),
      accountLine("target", states.target),
    ]),
    ...(files === null ? [] : [keptFiles(files, states.source?.account.userId ?? null, prefix)]),
    ...(missing[0] === undefined
      ? []
      : [paragraph("Next: ", code(`${prefix}login ${sideWord(missing[0])} @you:server`))]),
  );
}

function lineFromFiles(files: FilesOverview): Inline[] {
  return [
    strong("Old account"),
    ": ",
    code(untrustedCode(files.userId)),
    `, known from your files; nobody is signed in`,
  ];
}

/** @param signedIn the old account that is signed in */
function keptFiles(files: FilesOverview, signedIn: string | null, prefix: string): Block {
  const { userId, writtenAt, rooms, people, hasData } = files;
  return paragraph(
    `I keep your files of ${formatDate(writtenAt)}`,
    ...(signedIn !== null ? [" about ", code(untrustedCode(userId))] : []),
    `: ${counted(rooms, "room")}, ${people === 1 ? "1 person" : `${people} people`}, ${hasData ? "with" : "without"} settings. `,
    ...(signedIn === null || signedIn === userId ? [] : ["Your move does not use them. "]),
    code(`${prefix}import --clear`),
    " forgets them.",
  );
}

function accountLine(side: Side, state: AccountState | undefined): Inline[] {
  const label = strong(side === "source" ? "Old account" : "New account");
  if (!state) return [label, ": not signed in"];
  const { account, sessionState, page } = state;
  const device = account.deviceId === null ? [] : [", session ", code(untrustedCode(account.deviceId))];
  return [
    label,
    ": ",
    code(untrustedCode(account.userId)),
    `, signed in ${methodWords[account.method]} since ${formatTime(account.signedInAt)}`,
    ...device,
    ", ",
    sessionWords(sessionState, account.method),
    ...(page === null ? [] : ["; manage it at ", link(page, page)]),
  ];
}

const methodWords: Record<SignInMethod, string> = {
  link: "by link",
  password: "by password",
  token: "by your access token",
};

function sessionWords(state: AccountState["sessionState"], method: SignInMethod): string {
  switch (state.kind) {
    case "works":
      return method === "token" ? "works, as long as the token is valid" : "works, until you log it out";
    case "ended":
      return state.problem.code === "session_ended"
        ? "has ended: please sign in again"
        : `does not work: ${accountProblemClause(state.problem.code)}`;
    case "not_checked":
      return "not checked, since the server does not answer just now";
  }
}

/** `!logout`. */
export function signedOut(
  results: readonly SignOutResult[],
  { chosen, files, prefix }: { chosen: readonly Side[]; files: FilesOverview | null; prefix: string },
): Message {
  const kept = files !== null && chosen.includes("source") ? [filesAfterLogout(files, prefix)] : [];
  if (results.length === 0) {
    const [only] = chosen;
    const which = chosen.length === 1 && only ? `Your ${sideName(only)} is` : "Your accounts are";
    return notice(
      paragraph(
        `${which} not signed in here, so there was nothing to log out. `,
        code(`${prefix}whoami`),
        " shows your accounts.",
      ),
      ...kept,
    );
  }
  return notice(...endings(results, ({ userId }) => [" ", code(untrustedCode(userId))]), ...kept);
}

function filesAfterLogout({ userId, writtenAt }: FilesOverview, prefix: string): Block {
  return paragraph(
    "I know ",
    code(untrustedCode(userId)),
    ` from your files of ${formatDate(writtenAt)}. `,
    code(`${prefix}migrate plan`),
    " uses them, ",
    code(`${prefix}import --clear`),
    " forgets them.",
  );
}

/**
 * `!forget`: what was erased. It names no account, because the message itself is stored until it is
 * sent.
 */
export function forgotten({ signedOut, erased }: Forgotten): Message {
  const nothing = signedOut.length === 0 && erased.messages === 0 && !erased.hadFiles;
  const sessions = signedOut.length === 1 ? "its session" : "their sessions";
  return notice(
    ...endings(signedOut, () => []),
    paragraph(
      nothing
        ? "I had nothing stored about you."
        : `Erased: ${counted(signedOut.length, "account")} with ${sessions}, ${erased.hadFiles ? "what your files said, " : ""}and what I kept of ${counted(erased.messages, "message")} to you.`,
      " Messages in this chat stay until you remove them.",
    ),
  );
}

/** What happened to each session. */
export function endings(results: readonly SignOutResult[], nameOf: (account: Account) => Inline[]): Block[] {
  return results.length === 0 ? [] : [list(results.map((result) => ending(result, nameOf(result.account))))];
}

function ending(result: SignOutResult, name: readonly Inline[]): Inline[] {
  const { account } = result;
  const who: Inline[] = [strong(account.side === "source" ? "Old account" : "New account"), ...name, ": "];
  switch (result.ending) {
    case "logged_out":
      return [...who, "my session is logged out"];
    case "left_alone":
      return [...who, "I no longer use your token, and left its session as it is"];
    case "not_reached":
      return [
        ...who,
        "I no longer use it, but could not log my session out on its server",
        ...removalHint(account, result.page),
      ];
    case "not_checked":
      return [
        ...who,
        "I no longer use it. I asked its server to end my session, but could not check that it did",
        ...removalHint(account, result.page),
      ];
  }
}

function removalHint({ deviceId }: Account, page: string | null): Inline[] {
  if (deviceId === null) return [];
  const device = code(untrustedCode(deviceId));
  return page === null
    ? [": please remove the device ", device, " in your app"]
    : [": please remove the device ", device, " at ", link(page, page)];
}

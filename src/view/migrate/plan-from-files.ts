import type { ReportRoom } from "../../model/report.ts";
import type { PlanByFiles, SinceFiles } from "../../platforms/planning.ts";
import type { Block, Inline } from "../document/document.ts";
import { code, join, list, paragraph, strong } from "../document/document.ts";
import { counted } from "../document/numbers.ts";
import { formatDate } from "../document/time.ts";
import { untrustedCode } from "../document/untrusted-text.ts";
import { keyFileInstead } from "../keys/without-old-account.ts";
import type { NamedRoom } from "../words/room-line.ts";
import { roomNames } from "../words/room-line.ts";

const MAX_NAMES = 5;

/** Where a plan comes from if nobody has signed in the old account. */
export function planSource({ writtenAt, oldServer }: PlanByFiles): Block {
  return paragraph(
    "Nobody has signed in your old account, and its server ",
    code(untrustedCode(oldServer)),
    " does not answer. I am sorry. This plan comes from your files of ",
    formatDate(writtenAt),
    ", and from what your new server can see of the rooms now.",
  );
}

/** What a person loses together with a server, and what may still help. */
export function lostForGood(
  { oldServer, lostPower, lostChats }: PlanByFiles,
  { source, rooms, prefix }: { source: string; rooms: readonly ReportRoom[]; prefix: string },
): Block[] {
  const closed = rooms.filter(
    ({ route, reason }) => route === "impossible" && reason?.code === "no_helper",
  ).length;
  const lost: Inline[] = [
    ...(lostPower > 0
      ? [`your power in ${counted(lostPower, "room")}; somebody else with power there can give it to you`]
      : []),
    ...(closed > 0
      ? [`${counted(closed, "room")} that nobody can enter without help, and I know of nobody who could help`]
      : []),
    ...(lostChats > 0 ? [`${counted(lostChats, "direct chat")} with people whose server is gone too`] : []),
    "messages, pictures and files that only your old server had",
    "names and pictures that you had in single rooms",
  ];
  return [
    paragraph(strong("What is lost with your old server")),
    list(lost),
    paragraph("Keys of encrypted history may not be lost. ", ...keyFileInstead(prefix)),
    paragraph(
      "Whoever owns the name ",
      code(untrustedCode(oldServer)),
      " can set up a server there again. An account ",
      code(untrustedCode(source)),
      " on it may enter its old rooms without an invitation, by ",
      code("/join ROOM"),
      " in an app. Then sign it in here, and I can move more: ",
      code(`${prefix}login old ${untrustedCode(source)}`),
      ".",
    ),
  ];
}

/** What has changed since the person's file, in a plan that reads the old account itself. */
export function changedSinceFile({ writtenAt, entered, left }: SinceFiles, prefix: string): Block[] {
  const since = `Since your files of ${formatDate(writtenAt)}`;
  const about = "I go by the account itself, and keep your files in case its server goes away. ";
  if (entered.length === 0 && left.length === 0)
    return [paragraph(strong(since), `: the same rooms. ${about.trim()}`)];
  return [
    paragraph(strong(since)),
    list([
      ...(entered.length > 0 ? [[`${counted(entered.length, "new room")}: `, ...firstNames(entered)]] : []),
      ...(left.length > 0 ? [[`${counted(left.length, "room")} that you left: `, ...firstNames(left)]] : []),
    ]),
    paragraph(about, code(`${prefix}export rooms`), " makes a new one."),
  ];
}

/** Files that the person keeps about another account than the one that they have signed in. */
export function otherFiles(userId: string, prefix: string): Block {
  return paragraph(
    "I also keep files about ",
    code(untrustedCode(userId)),
    ". They are about another account, so this plan does not use them. ",
    code(`${prefix}import --clear`),
    " forgets them.",
  );
}

/** The first rooms of a list by name, and the number of the others. */
function firstNames(rooms: readonly NamedRoom[]): Inline[] {
  const nameOf = roomNames(rooms);
  const names = rooms.slice(0, MAX_NAMES).map((room): Inline => ({ kind: "group", children: nameOf(room) }));
  const more = rooms.length - names.length;
  return [...join(names, ", "), ...(more > 0 ? [` and ${more} more`] : [])];
}

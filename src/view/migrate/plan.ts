import { keysLeft } from "../../model/keys-left.ts";
import { differencesOf } from "../../model/plan-changes.ts";
import type { CategoryWork } from "../../model/remaining-work.ts";
import type { Report, ReportRoom } from "../../model/report.ts";
import { blockedRooms, isLeftToWatch } from "../../model/rooms-left.ts";
import type { ShownPlan } from "../../service/plan/results.ts";
import type { Block, Inline } from "../document/document.ts";
import { code, list, numberedList, paragraph, strong } from "../document/document.ts";
import type { Attachment, Message } from "../document/message.ts";
import { notice } from "../document/message.ts";
import { formatCount, plural } from "../document/numbers.ts";
import { untrustedCode, untrustedText } from "../document/untrusted-text.ts";
import { categoryWords } from "../words/category-words.ts";
import { encryptedRooms } from "../words/key-words.ts";
import { notMovedText } from "../words/not-moved.ts";
import { reasonText } from "../words/reasons.ts";
import { helperNames, noRoomFits, roomNames, unknownRoomsNote } from "../words/room-line.ts";
import { changedRoute, goneRoom, routeWords } from "../words/route-words.ts";
import { nothingLeft } from "./nothing-left.ts";
import { changedSinceFile, lostForGood, otherFiles, planSource } from "./plan-from-files.ts";
import { timeNeeded } from "./time-needed.ts";

/** The longest list in the message itself. The file has all. */
const MAX_LINES = 10;
const MAX_NAMES = 3;

/**
 * The plan: what will happen, what will not, how long it takes, and what to do next.
 * @param isWatched a run between the two accounts already watches the rooms that wait for somebody
 */
export function planMessage(
  plan: ShownPlan,
  { prefix, isWatched }: { prefix: string; isWatched: boolean },
): Message {
  const { report, number, work } = plan;
  return notice(
    paragraph(
      strong(`Plan ${number}`),
      " for ",
      code(untrustedCode(report.source)),
      " → ",
      code(untrustedCode(report.target)),
      ". Nothing was changed.",
    ),
    ...(plan.byFiles === null ? [] : [planSource(plan.byFiles)]),
    ...roomCounts(plan),
    ...changes(plan),
    ...(plan.sinceFiles === null ? [] : changedSinceFile(plan.sinceFiles, prefix)),
    ...(plan.otherFiles === undefined ? [] : [otherFiles(plan.otherFiles, prefix)]),
    ...stuckList(plan, prefix),
    ...warnings(report, prefix),
    ...categories("To be copied", plan, ({ now }) => now, keysToCopy(report, prefix)),
    ...categories("Waiting until somebody lets your new account in", plan, ({ waiting }) => waiting),
    ...(plan.byFiles === null
      ? []
      : lostForGood(plan.byFiles, { source: report.source, rooms: report.rooms, prefix })),
    ...willNotMove(plan),
    ...(work.canBegin ? timeNeeded(plan.estimate) : []),
    ...unknownRoomsNote(plan.unknownRooms, report),
    paragraph(...nextStep(plan, prefix, isWatched)),
  );
}

/**
 * The answer to `!migrate plan --json`: the plan as a file. Filters that match nothing are reported
 * in the message, not in the file.
 */
export function planFile({ number, report, unknownRooms }: ShownPlan, attachment: Attachment): Message {
  const { rooms } = report;
  const fits = rooms.length > 0 && areAllExcluded(rooms) ? [paragraph(noRoomFits(rooms.length))] : [];
  return {
    ...notice(
      paragraph(strong(`Plan ${number}`), " as a file. Nothing was changed."),
      ...fits,
      ...unknownRoomsNote(unknownRooms, report),
    ),
    attachments: [attachment],
  };
}

function areAllExcluded(rooms: readonly ReportRoom[]): boolean {
  return rooms.every((room) => room.route === "excluded");
}

function roomCounts({ report: { rooms }, byFiles }: ShownPlan): Block[] {
  if (rooms.length === 0)
    return [
      paragraph(
        `${byFiles === null ? "Your old account is in no room" : "Your files name no room"}, so there is nothing to join.`,
      ),
    ];
  if (areAllExcluded(rooms)) return [paragraph(noRoomFits(rooms.length))];
  const triedIds = new Set(byFiles?.tried);
  const tried = rooms.filter(({ roomId, status }) => status === "planned" && triedIds.has(roomId));
  const others = rooms.filter((room) => !tried.includes(room));
  const counts = [...Map.groupBy(others, (room) => room.route)].map(([route, ofRoute]) => ({
    route,
    count: ofRoute.length,
  }));
  const order = Object.keys(routeWords);
  counts.sort((a, b) => order.indexOf(a.route) - order.indexOf(b.route));
  const moved = others.filter((room) => room.status === "planned").length;
  const done = rooms.filter((room) => room.status === "done").length;
  return [
    paragraph(
      strong(`${rooms.length} ${plural(rooms.length, "room")}`),
      `: ${moved} I can move, ${tried.length > 0 ? `${tried.length} I can try, ` : ""}${done} already done.`,
    ),
    list([
      ...counts.map(({ route, count }): Inline[] => [strong(String(count)), ` ${routeWords[route]}`]),
      ...(tried.length > 0
        ? [[strong(String(tried.length)), " that I try to join once, because no server told me about them"]]
        : []),
    ]),
  ];
}

function changes({ before, report, byFiles }: ShownPlan): Block[] {
  if (before === null) return [];
  const { changes: changed, gone } = differencesOf(before, report, byFiles?.tried ?? []);
  const lines = [...changed.map(changedRoute), ...gone.map((room) => goneRoom(room, report))];
  if (lines.length === 0) return [];
  return [
    paragraph(strong("Changed since your last plan"), cutNote(lines.length, "")),
    list(lines.slice(0, MAX_LINES)),
  ];
}

function stuckList(plan: ShownPlan, prefix: string): Block[] {
  const stuck = blockedRooms(plan.report);
  if (stuck.length === 0) return [];
  const nameOf = roomNames(stuck);
  const lines = stuck.slice(0, MAX_LINES).map((room): Inline[] => {
    const more = (plan.moreHelpers.get(room.roomId) ?? 0) + Math.max(0, room.helpers.length - MAX_NAMES);
    const helpers = helperNames(room.helpers.slice(0, MAX_NAMES), more);
    const reason =
      room.reason === null
        ? routeWords[room.route]
        : untrustedText(reasonText(room.reason, plan.report.isFromFile), 300);
    return [...nameOf(room), `: ${reason}`, ...(helpers.length > 0 ? [" Can help: ", ...helpers, "."] : [])];
  });
  return [
    paragraph(strong("I can't move these alone"), cutNote(stuck.length, `; ${prefix}report has all`)),
    numberedList(lines),
  ];
}

type WarningCode = ReportRoom["warnings"][number]["code"];

const warningWords: Readonly<Record<Exclude<WarningCode, "encrypted_history">, string>> = {
  history_hidden: "messages from before you join stay hidden",
  power_not_transferable: "your new account can't get the power that your old one has",
  creator_not_transferable: "created by you, and that can't be transferred",
  last_admin: "no other admin, so don't leave before your new account has its power",
  only_member: "you are the only member",
  policy_server: "a policy server may refuse what you do",
};

function warnings(report: Report, prefix: string): Block[] {
  const counts = new Map<keyof typeof warningWords, number>();
  for (const room of report.rooms) {
    if (room.route === "excluded") continue;
    for (const { code: warning } of room.warnings)
      // Encrypted rooms have a line of their own, also those without this warning. A plan by a file
      // counts lost power among what is lost.
      if (warning !== "encrypted_history" && !(report.isFromFile && warning === "power_not_transferable"))
        counts.set(warning, (counts.get(warning) ?? 0) + 1);
  }
  const encrypted = encryptedRooms(report, prefix);
  const lines = [
    ...[...counts].map(([warning, count]): Inline[] => [
      strong(String(count)),
      ` ${plural(count, "room")}: ${warningWords[warning]}`,
    ]),
    ...(encrypted.length > 0 ? [encrypted] : []),
  ];
  return lines.length === 0 ? [] : [paragraph(strong("Worth knowing")), list(lines)];
}

function categories(
  title: string,
  { report, work }: ShownPlan,
  countOf: (category: CategoryWork) => number,
  more: readonly Inline[][] = [],
): Block[] {
  const expected = new Map(report.categories.map((category) => [category.name, category.expected]));
  const lines = work.categories.flatMap((category): Inline[][] => {
    const count = countOf(category);
    return count === 0
      ? []
      : [[`${count} of ${expected.get(category.name) ?? count} ${categoryWords[category.name]}`]];
  });
  lines.push(...more);
  return lines.length === 0 ? [] : [paragraph(strong(title)), list(lines)];
}

function keysToCopy(report: Report, prefix: string): Inline[][] {
  const { toCopy, expected } = keysLeft(report);
  if (toCopy === 0) return [];
  const count = `${formatCount(toCopy)} of ${formatCount(expected)} ${categoryWords.room_keys}`;
  return [[`${count}, by `, code(`${prefix}keys copy`)]];
}

function willNotMove({ report, isInviteBlocked, bannedRooms, notMoved, byFiles }: ShownPlan): Block[] {
  const lines: Inline[] = [
    ...(byFiles?.hasData === false
      ? ["settings, notification rules, ignored people and your profile: your files do not have them"]
      : []),
    "messages themselves: they stay in the rooms, and each room decides what a new member may read",
    "a room's addresses on your old server, and creator rights",
    "e-mail addresses, phone numbers, devices, and links to bridges",
    ...(bannedRooms > 0
      ? [`${bannedRooms} ${plural(bannedRooms, "room")} that banned your old account`]
      : []),
    ...notMovedText(notMoved).map((sentence) => untrustedText(sentence, 400)),
  ];
  return [
    paragraph(strong("What does not move")),
    list(lines),
    ...(isInviteBlocked
      ? [
          paragraph(
            "Your new account ",
            code(untrustedCode(report.target)),
            " refuses invitations from your old one. Allow them in its settings, then plan again.",
          ),
        ]
      : []),
  ];
}

function nextStep({ report, work }: ShownPlan, prefix: string, isWatched: boolean): Inline[] {
  const start = code(`${prefix}migrate start`);
  if (work.canBegin)
    return [
      ...(keysLeft(report).toCopy > 0
        ? [
            "Next: ",
            code(`${prefix}keys copy`),
            " copies the keys of encrypted history, and then ",
            start,
            " does everything else that needs nobody's help.",
          ]
        : ["Next: ", start, " does everything that needs nobody's help."]),
      ...(blockedRooms(report).length > 0
        ? [" ", code(`${prefix}report`), " shows the rooms that need help, and who can give it."]
        : []),
    ];
  // Files do not say everybody who could invite, so a run by them watches closed rooms too.
  const waits = report.rooms.some(
    (room) => isLeftToWatch(room) || (report.isFromFile && room.route === "impossible"),
  );
  const rest = "when somebody lets your new account in, I do the rest by myself.";
  const watching: Inline[] = isWatched
    ? [` I keep watching: ${rest}`]
    : [" ", start, ` makes me watch the rooms: ${rest}`];
  return [...nothingLeft(report, prefix), ...(waits ? watching : [])];
}

function cutNote(total: number, more: string): string {
  return total > MAX_LINES ? ` (the first ${MAX_LINES} of ${total}${more})` : "";
}

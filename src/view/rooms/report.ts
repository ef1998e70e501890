import { keysLeft } from "../../model/keys-left.ts";
import type { Report, ReportRoom } from "../../model/report.ts";
import type { NotMovedCause, RoomsOfCause } from "../../model/rooms-left.ts";
import { roomsByCause } from "../../model/rooms-left.ts";
import type { Block, Document, Inline } from "../document/document.ts";
import { code, numberedList, paragraph, strong } from "../document/document.ts";
import type { Attachment, Message } from "../document/message.ts";
import { notice } from "../document/message.ts";
import { formatTime } from "../document/time.ts";
import { untrustedText } from "../document/untrusted-text.ts";
import type { MaybeFromFile } from "../words/from-file.ts";
import { keyCounts } from "../words/key-words.ts";
import { reasonText } from "../words/reasons.ts";
import { helperNames, roomNames } from "../words/room-line.ts";
import { askedSentences } from "./asked.ts";

/** A report with the data that its rendering needs. */
export interface ReportView {
  report: Report;
  /** Helpers beyond those in the report, by room. */
  moreHelpers: ReadonlyMap<string, number>;
  /** Of commands. */
  prefix: string;
}

/** Every room that is not moved, grouped by cause, with the people who can help. */
export function reportMessage(view: ReportView): Message {
  return notice(...reportDocument(view));
}

/** A report as a file. */
export function reportFile(attachment: Attachment, roomCount: number): Message {
  return {
    ...notice(paragraph(`The report, with ${roomCount} ${roomCount === 1 ? "room" : "rooms"}.`)),
    attachments: [attachment],
  };
}

/** The answer to `!report` before the first plan. */
export function noPlanYet(prefix: string): Message {
  return notice(
    paragraph(
      "There is no report yet, since there is no plan. ",
      code(`${prefix}migrate plan`),
      " makes one; it changes nothing.",
    ),
  );
}

/** The rooms of a report that are not moved, grouped by cause. */
export function reportDocument(view: ReportView): Document {
  const found = roomsByCause(view.report);
  const done = view.report.rooms.filter((room) => room.status === "done").length;
  const head = paragraph(strong("Report"), ` of ${view.report.rooms.length} rooms: ${done} done.`);
  const keys = keysAtPlan(view);
  if (found.length === 0) return [head, paragraph("No room is left."), ...keys];
  const nameOf = roomNames(found.flatMap(({ rooms }) => rooms));
  let start = 1;
  return [
    head,
    ...found.flatMap((group): Block[] => {
      const block = groupBlocks(group, start, view, nameOf);
      start += group.rooms.length;
      return block;
    }),
    ...keys,
    paragraph("A number works wherever a room is asked for: ", code("#1"), "."),
  ];
}

/** A copy may have brought keys since the accounts were compared for this report. */
function keysAtPlan({ report, prefix }: ReportView): Block[] {
  const left = keysLeft(report);
  if (left.toCopy === 0 && !left.isUnreadable) return [];
  return [
    paragraph(
      strong("Keys of encrypted history"),
      `${keyCounts(left)} when I last compared your accounts. `,
      code(`${prefix}keys status`),
      " shows how many there are now.",
    ),
  ];
}

function groupBlocks(
  { cause, rooms }: RoomsOfCause,
  start: number,
  { report, moreHelpers }: ReportView,
  nameOf: (room: ReportRoom) => Inline[],
): Block[] {
  const lines = rooms.map((room) =>
    leftRoomLine(room, { name: nameOf(room), more: moreHelpers.get(room.roomId) ?? 0, report }),
  );
  return [paragraph(strong(`${causeTitle(cause, report)} (${rooms.length})`)), numberedList(lines, start)];
}

export interface RoomLineOptions {
  name: Inline[];
  /** The number of helpers beyond those listed. */
  more: number;
  mostNames?: number;
  /** The report that the room is of. */
  report: MaybeFromFile;
}

/** A room that is not moved: the cause, and who can help. */
export function leftRoomLine(
  room: ReportRoom,
  { name, more, mostNames = room.helpers.length, report }: RoomLineOptions,
): Inline[] {
  const reason =
    room.reason === null
      ? room.route === "successor"
        ? [": replaced by a newer room"]
        : []
      : [`: ${untrustedText(reasonText(room.reason, report.isFromFile), 300)}`];
  const named = room.helpers.slice(0, mostNames);
  const helpers = helperNames(named, more + room.helpers.length - named.length);
  return [
    ...name,
    ...reason,
    ...waiting(room),
    ...(helpers.length > 0 ? [" Can help: ", ...helpers, "."] : []),
    ...askedSentences(room.asked),
  ];
}

function waiting({ status, waitingFor, until, reason }: ReportRoom): Inline[] {
  // The reason says what this room waits for.
  if (status !== "waiting" || reason?.code === "unreadable") return [];
  const what = waitingFor === null ? "" : ` for ${waitedFor[waitingFor]}`;
  const when = until === null ? "" : ` until ${formatTime(Date.parse(until))}`;
  return [reason === null ? `: waits${what}${when}` : ` It waits${what}${when}.`];
}

const waitedFor: Readonly<Record<NonNullable<ReportRoom["waitingFor"]>, string>> = {
  limit: "its turn, since a server takes only so many at a time",
  server: "a server that does not answer just now",
  room: "other servers of the room",
};

/** The heading of rooms with one cause. */
export function causeTitle(cause: NotMovedCause, { isFromFile }: MaybeFromFile): string {
  return (isFromFile === true ? titlesFromFile[cause] : undefined) ?? causeTitles[cause];
}

/** Where nobody has signed in the old account. */
const titlesFromFile: Readonly<Partial<Record<NotMovedCause, string>>> = {
  no_helper: "I know of nobody who could let you in",
  source_not_joined: "Your old account had not joined",
};

const causeTitles: Readonly<Record<NotMovedCause, string>> = {
  knock: "Somebody must answer a knock",
  no_invite_power: "Somebody in the room must invite your new account",
  join_rule_private: "Closed to everybody new",
  unknown_join_rule: "An unknown rule says who may join",
  not_federated: "Only for accounts of one server",
  server_acl: "Your new server is shut out",
  source_server_acl: "Your old server is shut out",
  room_version: "Your new server can't take part in such rooms",
  target_banned: "Your new account is banned",
  source_banned: "Your old account is banned",
  source_not_joined: "Your old account is not in the room",
  space_unreachable: "Somebody must let your new account into a space first",
  invite_blocked: "Your new account refuses invitations",
  blocked_by_server: "Kept out by your new server",
  account_limit: "Your server lets you join or invite no more",
  no_helper: "Nobody in the room can let anyone in",
  unreachable_server: "The room's servers do not answer",
  refused: "A server refused",
  server_notices: "Notices of your old server",
  unreadable: "Can't be read just now",
  failed: "Did not work",
  other: "Not moved",
  running: "I am at these",
  waiting: "I continue with these by myself",
  planned: "I can move these",
  excluded: "Left out",
};

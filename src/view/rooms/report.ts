import type { Report, ReportRoom } from "../../model/report.ts";
import type { Block, Document, Inline } from "../document/document.ts";
import { code, numberedList, paragraph, strong } from "../document/document.ts";
import type { Attachment, Message } from "../document/message.ts";
import { notice } from "../document/message.ts";
import { reasonText } from "../words/reasons.ts";
import { helperNames, shownRoomName } from "../words/room-line.ts";
import { formatTime } from "../document/time.ts";
import { untrustedText } from "../document/untrusted-text.ts";

export interface ReportView {
  report: Report;
  /** Helpers beyond those in the report, by room. */
  moreHelpers: ReadonlyMap<string, number>;
}

/** Rooms with one and the same cause, in the order of the report. */
interface Group {
  title: string;
  rooms: readonly ReportRoom[];
}

/** The rooms of the text report, in the order in which they are numbered. */
export function numberedRooms(report: Report): ReportRoom[] {
  return roomsByCause(report).flatMap((group) => group.rooms);
}

/** Every room that is not moved, grouped by why, with the people who can help. */
export function reportMessage(view: ReportView): Message {
  return notice(...reportDocument(view));
}

export function reportFile(attachment: Attachment, roomCount: number): Message {
  return {
    ...notice(paragraph(`The report, with ${roomCount} ${roomCount === 1 ? "room" : "rooms"}.`)),
    attachments: [attachment],
  };
}

export function noPlanYet(prefix: string): Message {
  return notice(
    paragraph(
      "There is no report yet, since there is no plan. ",
      code(`${prefix}migrate plan`),
      " makes one; it changes nothing.",
    ),
  );
}

export function reportDocument(view: ReportView): Document {
  const found = roomsByCause(view.report);
  const done = view.report.rooms.filter((room) => room.status === "done").length;
  const head = paragraph(strong("Report"), ` of ${view.report.rooms.length} rooms: ${done} done.`);
  if (found.length === 0) return [head, paragraph("No room is left.")];
  let start = 1;
  return [
    head,
    ...found.flatMap((group): Block[] => {
      const block = groupBlocks(group, start, view);
      start += group.rooms.length;
      return block;
    }),
    paragraph("A number works wherever a room is asked for: ", code("#1"), "."),
  ];
}

function groupBlocks({ title, rooms }: Group, start: number, { moreHelpers }: ReportView): Block[] {
  const lines = rooms.map((room) => leftRoomLine(room, moreHelpers.get(room.roomId) ?? 0));
  return [paragraph(strong(`${title} (${rooms.length})`)), numberedList(lines, start)];
}

/** A room that is not moved: why, and who can help. @param more helpers beyond those listed */
export function leftRoomLine(room: ReportRoom, more: number, mostNames = room.helpers.length): Inline[] {
  const reason = room.reason === null ? [] : [`: ${untrustedText(reasonText(room.reason), 300)}`];
  const named = room.helpers.slice(0, mostNames);
  const helpers = helperNames(named, more + room.helpers.length - named.length);
  return [
    ...shownRoomName(room),
    ...reason,
    ...waiting(room),
    ...(helpers.length > 0 ? [" Can help: ", ...helpers, "."] : []),
  ];
}

function waiting({ status, waitingFor, until, reason }: ReportRoom): Inline[] {
  if (status !== "waiting") return [];
  const what = waitingFor === null ? "" : ` for ${waitedFor[waitingFor]}`;
  const when = until === null ? "" : ` until ${formatTime(Date.parse(until))}`;
  return [reason === null ? `: waits${what}${when}` : ` It waits${what}${when}.`];
}

const waitedFor: Readonly<Record<NonNullable<ReportRoom["waitingFor"]>, string>> = {
  limit: "its turn, since a server takes only so many at a time",
  server: "a server that does not answer just now",
  room: "other servers of the room",
};

/** The rooms that are not moved, by what keeps them, in the order of the text report. */
export function roomsByCause({ rooms }: Report): Group[] {
  const notMoved = rooms.filter((room) => room.status !== "done");
  const byTitle = Map.groupBy(notMoved, title);
  const order = [...new Set([...titlesInOrder, ...byTitle.keys()])];
  return order.flatMap((name) => {
    const ofTitle = byTitle.get(name);
    return ofTitle ? [{ title: name, rooms: ofTitle }] : [];
  });
}

const reasonTitles: Readonly<Record<NonNullable<ReportRoom["reason"]>["code"], string>> = {
  no_invite_power: "Somebody in the room must invite your new account",
  join_rule_private: "Closed to everybody new",
  unknown_join_rule: "An unknown rule says who may join",
  not_federated: "Only for accounts of one server",
  server_acl: "Your new server is shut out",
  room_version: "Your new server can't take part in such rooms",
  target_banned: "Your new account is banned",
  source_banned: "Your old account is banned",
  source_not_joined: "Your old account is not in the room",
  space_unreachable: "Somebody must let your new account into a space first",
  invite_blocked: "Your new account refuses invitations",
  blocked_by_server: "Blocked by a server",
  no_helper: "Nobody in the room can let anyone in",
  unreachable_server: "The room's servers do not answer",
  refused: "A server refused",
};
const KNOCK_TITLE = "Somebody must answer a knock";
const FAILED_TITLE = "Did not work";
const UNDER_WAY_TITLE = "I am at these";
const WAITING_TITLE = "I go on with these by myself";
const PLANNED_TITLE = "I can move these";
const EXCLUDED_TITLE = "Left out";
const OTHER_TITLE = "Not moved";
const titlesInOrder = [
  KNOCK_TITLE,
  ...Object.values(reasonTitles),
  FAILED_TITLE,
  OTHER_TITLE,
  UNDER_WAY_TITLE,
  WAITING_TITLE,
  PLANNED_TITLE,
  EXCLUDED_TITLE,
];

function title(room: ReportRoom): string {
  if (room.route === "excluded") return EXCLUDED_TITLE;
  if (room.status === "failed") return FAILED_TITLE;
  if (room.status === "running") return UNDER_WAY_TITLE;
  if (room.status === "waiting") return WAITING_TITLE;
  if (room.status === "planned" && room.route !== "knock") return PLANNED_TITLE;
  if (room.route === "knock") return KNOCK_TITLE;
  return room.reason === null ? OTHER_TITLE : reasonTitles[room.reason.code];
}

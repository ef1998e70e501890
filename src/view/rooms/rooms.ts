import type { ListedRoom, RoomList } from "../../model/room-list.ts";
import type { Inline } from "../document/document.ts";
import { code, numberedList, paragraph, strong } from "../document/document.ts";
import type { Message } from "../document/message.ts";
import { notice } from "../document/message.ts";
import { roomNames, unknownRoomsNote } from "../words/room-line.ts";

/** Shown while the rooms of an account are read. */
export function readingRooms(): Message {
  return notice(paragraph("Reading your old account …"));
}

/** The chosen rooms, numbered. */
export function roomList({ rooms, total, unknownRooms }: RoomList, now: number, prefix: string): Message {
  const unknown = unknownRoomsNote(unknownRooms);
  if (rooms.length === 0)
    return notice(paragraph(`None of the ${total} rooms of your old account matches.`), ...unknown);
  const nameOf = roomNames(rooms);
  return notice(
    paragraph(strong(`${rooms.length} of ${total} rooms`), ", those with the oldest last message first."),
    numberedList(rooms.map((room) => line(room, nameOf(room), now))),
    ...unknown,
    paragraph(
      "You can use a number wherever a command takes a room: ",
      code(`${prefix}migrate plan --exclude #1`),
      ".",
    ),
  );
}

function line(room: ListedRoom, name: Inline[], now: number): Inline[] {
  const facts = [
    ...(room.isSpace ? ["space"] : []),
    ...(room.isDirect ? ["direct chat"] : []),
    ...(room.joinedCount === null
      ? []
      : [room.joinedCount === 1 ? "only you" : `${room.joinedCount} members`]),
    ...(room.lastActivityAt === null ? [] : [`silent for ${silence(now - room.lastActivityAt)}`]),
  ];
  return [...name, ...(facts.length > 0 ? [`: ${facts.join(", ")}`] : [])];
}

function silence(ms: number): string {
  const days = Math.max(0, Math.floor(ms / (24 * 3_600_000)));
  if (days < 1) return "less than a day";
  if (days < 60) return `${days} ${days === 1 ? "day" : "days"}`;
  return days < 730 ? `${Math.floor(days / 30)} months` : `${Math.floor(days / 365)} years`;
}

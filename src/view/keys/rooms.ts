import type { Block, Inline } from "../document/document.ts";
import { code, list, paragraph } from "../document/document.ts";
import type { Attachment } from "../document/message.ts";
import { textFile } from "../document/message.ts";
import { formatCount, plural } from "../document/numbers.ts";
import { untrustedCode } from "../document/untrusted-text.ts";

/** The number of rooms that a message lists. A file has all of a longer list. */
const MAX_ROOMS = 10;

/** Rooms with counts of keys, most first. Unlike names, IDs of rooms are known here. */
export function roomsWithCounts(title: string, rooms: ReadonlyMap<string, number>): Block[] {
  if (rooms.size === 0) return [];
  const shown = mostFirst(rooms).slice(0, MAX_ROOMS);
  const more = rooms.size - shown.length;
  return [
    paragraph(title),
    list(shown.map(([roomId, count]): Inline[] => [code(untrustedCode(roomId)), `: ${formatCount(count)}`])),
    ...(more === 0
      ? []
      : [paragraph(`And ${formatCount(more)} more ${plural(more, "room")}: the file has all.`)]),
  ];
}

/** The file with all rooms; empty if a message lists all of them. */
export function attachedRooms(fileName: string, rooms: ReadonlyMap<string, number>): Attachment[] {
  if (rooms.size <= MAX_ROOMS) return [];
  const lines = mostFirst(rooms).map(([roomId, count]) => `${untrustedCode(roomId)} ${count}`);
  return [textFile(fileName, lines)];
}

function mostFirst(rooms: ReadonlyMap<string, number>): [string, number][] {
  return [...rooms].toSorted(([, one], [, other]) => other - one);
}

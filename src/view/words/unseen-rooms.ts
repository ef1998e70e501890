import type { ReportRoom } from "../../model/report.ts";
import type { Block, Inline } from "../document/document.ts";
import { code, join, paragraph } from "../document/document.ts";
import { untrustedCode } from "../document/untrusted-text.ts";
import { roomNames } from "./room-line.ts";

const MAX_NAMES = 3;

/** Rooms in which the old server does not show the new account, though it has joined them. */
export function unseenRooms(rooms: readonly ReportRoom[], source: string): Block[] {
  if (rooms.length === 0) return [];
  const nameOf = roomNames(rooms);
  const names = rooms.slice(0, MAX_NAMES).map((room): Inline => ({ kind: "group", children: nameOf(room) }));
  const more = rooms.length > MAX_NAMES ? ` and ${rooms.length - MAX_NAMES} more` : "";
  return [
    paragraph(
      "⚠️ The server of ",
      code(untrustedCode(source)),
      ` does not show your new account in ${rooms.length} ${rooms.length === 1 ? "room" : "rooms"}, though it has joined: `,
      ...join(names, ", "),
      `${more}. People there may not see you yet.`,
    ),
  ];
}

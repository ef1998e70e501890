import type { Report, ReportRoom } from "../../model/report.ts";
import type { Inline } from "../document/document.ts";
import { code } from "../document/document.ts";
import { counted, waitVerb } from "../document/numbers.ts";

/**
 * The rooms that need somebody's help or can't be moved, in the order in which they are numbered.
 */
export function blockedRooms({ rooms }: Report): ReportRoom[] {
  const roomIds = new Set(rooms.map((room) => room.roomId));
  return rooms.filter((room) => {
    // What keeps a replacement stands in its own row, where it has one.
    if (room.successor !== null && roomIds.has(room.successor)) return false;
    return room.status === "needs_moderator" || room.status === "needs_you" || room.route === "impossible";
  });
}

/**
 * Of a plan in which nothing can be done before somebody helps: what is left, and what to do about
 * it.
 */
export function nothingLeft(report: Report, prefix: string): Inline[] {
  const stuck = blockedRooms(report).length;
  const leftOut = report.rooms.filter((room) => room.route === "excluded").length;
  if (stuck === 0 && leftOut > 0)
    return [
      `There is nothing left to do in what the plan covers; it leaves out ${counted(leftOut, "room")}. `,
      code(`${prefix}migrate plan`),
      " without filters covers everything.",
    ];
  if (stuck === 0)
    return [
      "There is nothing left to do: everything is moved. ",
      code(`${prefix}migrate verify`),
      " compares both accounts.",
    ];
  return [
    "There is nothing left that I can do alone. ",
    `${counted(stuck, "room")} ${waitVerb(stuck)} for somebody or can't be moved: `,
    code(`${prefix}report`),
    " says why, and who can help.",
  ];
}

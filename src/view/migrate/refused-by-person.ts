import type { ReportRoom } from "../../model/report.ts";
import { code, paragraph } from "../document/document.ts";
import type { Message } from "../document/message.ts";
import { notice } from "../document/message.ts";
import { untrustedText } from "../document/untrusted-text.ts";
import { reasonText } from "../words/reasons.ts";
import { shownRoomName } from "../words/room-line.ts";

/** Somebody declined the knock at a room, or removed the new account from it. */
export function refusedByPerson(room: ReportRoom, prefix: string): Message {
  const isDeclined = room.route === "knock";
  const why = room.reason === null ? "" : untrustedText(reasonText(room.reason), 500);
  return notice(
    paragraph(
      ...shownRoomName(room),
      ": ",
      why,
      " I do not try again by myself. If somebody invites your new account, I accept.",
      ...(isDeclined ? [" To knock once more, name the room: ", code(`${prefix}knock ROOM`), "."] : []),
    ),
  );
}

import type { RoomLetIn } from "../../service/run/results.ts";
import { code, paragraph } from "../document/document.ts";
import type { Message } from "../document/message.ts";
import { alert, notice } from "../document/message.ts";
import { shownRoomName } from "../words/room-line.ts";

/** A room that was joined after the run. The message about the last one notifies the person. */
export function roomLetIn({ room, waited, letIn, isLast }: RoomLetIn, prefix: string): Message {
  const arrived = paragraph(
    "✅ Your new account is in ",
    ...shownRoomName(room),
    ` now: ${letIn} of ${waited} let you in.`,
  );
  if (!isLast) return notice(arrived);
  return alert(
    arrived,
    paragraph(
      "No room waits for anybody any more. ",
      code(`${prefix}migrate verify`),
      " compares both accounts.",
    ),
  );
}

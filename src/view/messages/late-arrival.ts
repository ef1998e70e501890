import type { LateArrival } from "../../service/run-results.ts";
import { code, paragraph } from "../document.ts";
import type { Message } from "../message.ts";
import { alert, notice } from "../message.ts";
import { roomName } from "../room-line.ts";

/** A room that came in after the run; the last one calls the person. */
export function lateArrival({ room, waited, letIn, isLast }: LateArrival, prefix: string): Message {
  const arrived = paragraph("✅ Your new account is in ", ...roomName(room), ` now: ${letIn} of ${waited} let you in.`);
  if (!isLast) return notice(arrived);
  return alert(
    arrived,
    paragraph("No room waits for anybody any more. ", code(`${prefix}migrate verify`), " compares both accounts."),
  );
}

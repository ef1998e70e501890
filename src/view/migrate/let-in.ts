import { asksPeople } from "../../model/run-tracks.ts";
import type { Run } from "../../model/run.ts";
import type { RoomLetIn } from "../../service/run/results.ts";
import { code, paragraph } from "../document/document.ts";
import type { Message } from "../document/message.ts";
import { alert, notice } from "../document/message.ts";
import type { MaybeFromFile } from "../words/from-file.ts";
import { comparesWords } from "../words/from-file.ts";
import { shownRoomName } from "../words/room-line.ts";

/**
 * A room that was joined after the run. The message about the last one notifies the person. A run
 * that asked people only joins: the rest is for the move.
 */
export function roomLetIn(
  { room, waited, letIn, isLast }: RoomLetIn,
  run: Pick<Run, "purpose"> & MaybeFromFile,
  prefix: string,
): Message {
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
      ...(asksPeople(run)
        ? [code(`${prefix}migrate start`), " moves what is yours in these rooms."]
        : [code(`${prefix}migrate verify`), comparesWords(run)]),
    ),
  );
}

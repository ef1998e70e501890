import type { ReportRoom } from "../../model/report.ts";
import type { UndoPreview, UndoPreviewResult } from "../../service/run/results.ts";
import { notSignedIn, unreadable } from "../account/reading.ts";
import type { Block } from "../document/document.ts";
import { code, list, paragraph, strong } from "../document/document.ts";
import type { Message } from "../document/message.ts";
import { alert, notice } from "../document/message.ts";
import { shownRoomName } from "../words/room-line.ts";
import { alreadyThere } from "./start.ts";
import { writtenLines } from "./summary.ts";

const MAX_ROOMS = 5;

/** Shown while the bot looks for changes that can be undone. */
export function lookingWhatToUndo(): Message {
  return notice(paragraph("Checking what can be taken back …"));
}

/**
 * What an undo would do. Nothing is done before the answer.
 * @param word the word that confirms it
 */
export function undoQuestion(
  { invitations, joins, knocks, written, lasting }: UndoPreview,
  word: string,
): Message {
  return alert(
    paragraph(strong("Shall I take back the move?"), " Nothing was changed yet."),
    ...rooms("Your new account leaves", joins),
    ...rooms("Invitations that I withdraw", invitations),
    ...rooms("Knocks that I withdraw", knocks),
    ...settings("These get their earlier values back", writtenLines(written)),
    ...settings("These stay, because they can't be taken back", writtenLines(lasting)),
    paragraph(
      joins.length === 0 ? "" : "A closed room may not let your new account in again. ",
      "Your old account does not change.",
    ),
    paragraph("To confirm, tap ✅ below or write ", code(word), ". Otherwise do nothing."),
  );
}

/** Why there is nothing to undo. */
export function undoRefused(result: Exclude<UndoPreviewResult, UndoPreview>, prefix: string): Message {
  switch (result.status) {
    case "nothing_to_undo":
      return notice(
        paragraph(
          "There is nothing to take back: I wrote nothing to your accounts. ",
          code(`${prefix}migrate status`),
          " shows where you are.",
        ),
      );
    case "already":
      return notice(paragraph("Another task must end first. ", ...alreadyThere(result.run, prefix)));
    case "not_signed_in":
      return notSignedIn(result.missing, prefix, "An undo");
    case "not_read":
      return unreadable(result.account, result.refusal, prefix);
  }
}

function rooms(title: string, all: readonly ReportRoom[]): Block[] {
  if (all.length === 0) return [];
  const lines = all.slice(0, MAX_ROOMS).map(shownRoomName);
  const more = all.length - lines.length;
  return [
    paragraph(strong(`${title} (${all.length})`)),
    list(more > 0 ? [...lines, `and ${more} more`] : lines),
  ];
}

function settings(title: string, lines: readonly string[]): Block[] {
  return lines.length === 0 ? [] : [paragraph(strong(title)), list(lines)];
}

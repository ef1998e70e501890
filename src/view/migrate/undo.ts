import type { ReportRoom } from "../../model/report.ts";
import type { StayReason } from "../../model/stay-reason.ts";
import type { UndoPreview, UndoPreviewResult } from "../../service/run/results.ts";
import { cannotDecide } from "../account/reading.ts";
import type { Block, Inline } from "../document/document.ts";
import { code, cutList, list, paragraph, strong } from "../document/document.ts";
import type { Message } from "../document/message.ts";
import { alert, notice } from "../document/message.ts";
import { counted } from "../document/numbers.ts";
import { roomNames } from "../words/room-line.ts";
import { givenUp, keptAnswer } from "./kept.ts";
import { alreadyThere, stoppedBefore } from "./start.ts";
import { writtenLines } from "./summary.ts";

const MAX_ROOMS = 5;

/** Shown while the bot looks for changes that can be undone. */
export function lookingWhatToUndo(): Message {
  return notice(paragraph("Checking what can be taken back …"));
}

/**
 * What an undo would do. Nothing is done before the answer.
 * @param words the word that confirms it, `null` if nothing is undone by it; and the typed one for
 * the rooms that stay otherwise
 * @param isChanged the answer to an earlier question came after its facts had changed
 */
export function undoQuestion(
  preview: UndoPreview,
  { word, typedWord }: { word: string | null; typedWord: string },
  isChanged = false,
): Message {
  const { invitations, joins, knocks, renamed, kept, written, lasting } = preview;
  return alert(
    ...(isChanged
      ? [paragraph("Something has changed since I asked, so I did nothing. This is how it is now.")]
      : []),
    paragraph(strong("Shall I take back the move?"), " Nothing was changed yet."),
    ...rooms("Your new account leaves", joins),
    ...rooms("Invitations that I withdraw", invitations),
    ...rooms("Knocks that I withdraw", knocks),
    ...formerNames(renamed),
    ...settings(
      "Your new account loses this again",
      preview.hasMentionRule ? ["The rule by which mentions of your old account reach it"] : [],
    ),
    ...keptRooms(kept),
    ...settings("These get their earlier values back", writtenLines(written)),
    ...settings("These stay, because they can't be taken back", [
      ...writtenLines(lasting),
      ...lastingContactLines(preview.lastingContact),
    ]),
    paragraph(
      joins.length === 0 ? "" : "A closed room may not let your new account in again. ",
      renamed.isEverywhere || renamed.rooms > 0
        ? "Nothing else of your old account changes."
        : "Your old account does not change.",
    ),
    paragraph(
      ...(word === null ? [] : ["To confirm, tap ✅ below or write ", code(word), ". "]),
      ...(kept.length === 0
        ? []
        : [
            word === null ? "To leave these rooms, write " : "To leave the rooms that stay too, write ",
            code(typedWord),
            ". ",
          ]),
      "Otherwise do nothing.",
    ),
  );
}

/** Why there is nothing to undo. */
export function undoRefused(result: Exclude<UndoPreviewResult, UndoPreview>, prefix: string): Message {
  switch (result.status) {
    case "nothing_to_undo":
      return notice(
        paragraph(
          "There is nothing to take back in your accounts. Messages to people, and chats with them, always stay. ",
          code(`${prefix}migrate status`),
          " shows where you are.",
        ),
      );
    case "already":
      return notice(paragraph("Another task must end first. ", ...alreadyThere(result.run, prefix)));
    case "stopped":
      return stoppedBefore();
    case "kept":
      return keptAnswer(result, prefix);
    case "given_up":
      return givenUp(result, prefix);
    case "not_signed_in":
    case "not_read":
      return cannotDecide(result, prefix, "An undo");
  }
}

function lastingContactLines({ messages, chats, left }: UndoPreview["lastingContact"]): string[] {
  return [
    ...(messages > 0 ? [`messages that your accounts sent: ${messages}`] : []),
    ...(chats > 0 ? [`direct chats that I opened: ${chats}`] : []),
    ...(left > 0 ? [`rooms that your old account left: ${left}`] : []),
  ];
}

function formerNames({ isEverywhere, rooms: count }: UndoPreview["renamed"]): Block[] {
  const lines = [
    ...(isEverywhere ? ["Everywhere: all rooms of your old account see the change"] : []),
    ...(count > 0 ? [`In ${counted(count, "room")} that had a new name of its own`] : []),
  ];
  return settings("Your old account gets its former name back, if nobody changed it since", lines);
}

const stayWords: Readonly<Record<StayReason, string>> = {
  source_not_joined: "your old account is not in it, so it could not let your new one in again",
  last_member: "nobody else is in it, so it would be lost",
  last_admin: "nobody else in it has the power of your new account",
  needs_invitation: "somebody would have to let your new account in again",
  unreadable: "I could not check whether your old account is in it and who else has power",
};

/** The rooms that the new account does not leave, with the reason. */
function keptRooms(kept: UndoPreview["kept"]): Block[] {
  if (kept.length === 0) return [];
  const nameOf = roomNames(kept.map(({ room }) => room));
  const lines = kept.map(({ room, reason }): Inline[] => [...nameOf(room), `: ${stayWords[reason]}`]);
  return [
    paragraph(strong(`Your new account stays, and keeps its power (${kept.length})`)),
    cutList(lines, MAX_ROOMS),
  ];
}

function rooms(title: string, all: readonly ReportRoom[]): Block[] {
  if (all.length === 0) return [];
  return [paragraph(strong(`${title} (${all.length})`)), cutList(all.map(roomNames(all)), MAX_ROOMS)];
}

function settings(title: string, lines: readonly string[]): Block[] {
  return lines.length === 0 ? [] : [paragraph(strong(title)), list(lines)];
}

import type { Report } from "../../model/report.ts";
import type { RunPurpose } from "../../model/run.ts";
import type { RunStatus, StartResult } from "../../service/run/results.ts";
import { aliasUnanswered, cannotDecide, oldServerAnswers } from "../account/reading.ts";
import type { Block, Inline } from "../document/document.ts";
import { code, join, list, paragraph, strong } from "../document/document.ts";
import type { Message } from "../document/message.ts";
import { notice } from "../document/message.ts";
import { untrustedCode } from "../document/untrusted-text.ts";
import type { MaybeFromFile } from "../words/from-file.ts";
import { noRoomFits } from "../words/room-line.ts";
import { changedRoute, goneRoom } from "../words/route-words.ts";
import { accountsOf, runNames } from "../words/run-words.ts";
import { givenUp, keptAnswer, replacedNote } from "./kept.ts";
import { nothingLeft } from "./nothing-left.ts";

/** The most changes in the message. The report has all. */
const MAX_CHANGES = 5;

const beginnings: Readonly<Record<RunPurpose, string>> = {
  move: "I move everything that needs nobody's help, as planned",
  invitations: "I invite your new account from your old one",
  joins: "I join rooms with your new account",
  profile: "I copy your profile",
  undo: "I take back what can be taken back",
  ask: "I ask the people who can help, as shown",
  knock: "I knock with your new account, as shown",
  direct_chats: "I open the direct chats, as shown",
  announce: "I tell the rooms, as shown",
  rename: "I give your old account its name, as shown",
  mentions: "I see to it that mentions reach your new account",
  leave: "Your old account leaves the rooms, as shown",
};

/**
 * The result of `!migrate start` and of the commands that start a part of a move. It is short,
 * because the progress message follows it.
 */
export function startAnswer(result: StartResult, purpose: RunPurpose, prefix: string): Message {
  switch (result.status) {
    case "started":
      return notice(
        paragraph(
          strong("Started. "),
          result.isOnlyWatch
            ? "There is nothing that I can do alone, so I watch: when somebody lets your new account in, I do the rest by myself."
            : `${beginnings[purpose]}. You can close your app; I write to you when it is done.`,
        ),
        ...replacedNote(result.replaced, prefix),
        ...changes(result, result.run, prefix),
      );
    case "kept":
      return keptAnswer(result, prefix);
    case "given_up":
      return givenUp(result, prefix);
    case "nothing_to_do":
      return notice(
        paragraph(
          ...(purpose === "move"
            ? nothingLeft(result.report, prefix)
            : [...noPart(result.report, purpose), " Nothing was changed."]),
        ),
        ...changes(result, result.report, prefix),
      );
    case "no_plan":
      return notice(
        paragraph(
          "There is no plan yet, so nothing was started. ",
          code(`${prefix}migrate plan`),
          " makes one and changes nothing. ",
          ...(purpose === "ask" || purpose === "knock"
            ? ["Then give this command again."]
            : ["Then ", code(`${prefix}migrate start`), " does it."]),
        ),
      );
    case "other_plan":
      return notice(
        paragraph(
          "You have made another plan since, so nothing was started. ",
          code(`${prefix}migrate start`),
          " begins the new one.",
        ),
      );
    case "other_accounts":
      return notice(
        paragraph(
          "The last plan is for ",
          ...accountsOf(result.planned),
          ", but your two accounts are other ones now. Nothing was started. Make a new plan: ",
          code(`${prefix}migrate plan`),
          ".",
        ),
      );
    case "already":
      return notice(paragraph(...alreadyThere(result.run, prefix)));
    case "unknown_rooms":
      return notice(
        paragraph(
          "Not among the rooms of the plan: ",
          ...join(
            result.rooms.slice(0, MAX_CHANGES).map((room) => code(untrustedCode(room))),
            ", ",
          ),
          ...(result.rooms.length > MAX_CHANGES ? [` and ${result.rooms.length - MAX_CHANGES} more`] : []),
          ". Nothing was started. ",
          code(`${prefix}report --format csv`),
          " lists all of them.",
        ),
      );
    case "stopped":
      return stoppedBefore();
    case "unanswered_alias":
      return aliasUnanswered(result.alias);
    case "old_server_answers":
      return oldServerAnswers(result, prefix);
    case "not_signed_in":
    case "not_read":
      return cannotDecide(result, prefix, runNames[purpose]);
  }
}

/** Another command has ended the request before it began. */
export function stoppedBefore(): Message {
  return notice(paragraph("Stopped before it began, as you asked. Nothing was changed."));
}

function noPart({ rooms, isFromFile }: Report, purpose: Exclude<RunPurpose, "move">): Inline[] {
  if (purpose !== "invitations" && purpose !== "joins")
    return ["There is nothing to do: all of that is done already."];
  if (rooms.length > 0 && rooms.every((room) => room.route === "excluded")) return [noRoomFits(rooms.length)];
  if (purpose === "invitations" && isFromFile)
    return ["Nobody has signed in your old account, so nobody can invite from it."];
  return [
    purpose === "invitations"
      ? "There is no room to which your old account has to invite the new one now."
      : "There is no room that your new account can join just now.",
  ];
}

/** Why a second run cannot start. */
export function alreadyThere({ purpose, state }: RunStatus, prefix: string): Inline[] {
  const name = runNames[purpose];
  switch (state) {
    case "paused":
      return [
        `${name} is paused. `,
        code(`${prefix}migrate resume`),
        " resumes it, ",
        code(`${prefix}migrate cancel`),
        " ends it.",
      ];
    case "needs_you":
      return [`${name} waits for you. `, code(`${prefix}migrate status`), " says what for."];
    default:
      return [
        `${name} is already under way. `,
        code(`${prefix}migrate status`),
        " shows how far it is, ",
        code(`${prefix}migrate cancel`),
        " ends it.",
      ];
  }
}

function changes(
  { changes: changed, gone }: Pick<Extract<StartResult, { status: "started" }>, "changes" | "gone">,
  of: MaybeFromFile,
  prefix: string,
): Block[] {
  const lines = [...changed.map(changedRoute), ...gone.map((room) => goneRoom(room, of))];
  if (lines.length === 0) return [];
  const cut =
    lines.length > MAX_CHANGES
      ? ` (the first ${MAX_CHANGES} of ${lines.length}; ${prefix}report has all)`
      : "";
  return [paragraph(strong("Changed since the plan"), cut), list(lines.slice(0, MAX_CHANGES))];
}

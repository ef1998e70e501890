import type { CategoryName } from "../../model/categories.ts";
import type { RunSummary } from "../../platforms/runs.ts";
import type { Block } from "../document/document.ts";
import { list, paragraph, strong } from "../document/document.ts";
import { counted } from "../document/numbers.ts";
import { categoryWords } from "../words/category-words.ts";
import { roomNames } from "../words/room-line.ts";

const MAX_ROOMS = 5;

/** What a run has done, and the invitations that are not accepted yet. */
export function deedsBlocks(summary: RunSummary): Block[] {
  const { invitations, joins, knocks, written, openInvitations, leaving } = summary;
  const lines = [
    ...(invitations > 0 ? [`${counted(invitations, "invitation")} sent`] : []),
    ...(joins > 0 ? [`${counted(joins, "room")} joined`] : []),
    ...(knocks > 0 ? [`knocked at ${counted(knocks, "room")}`] : []),
    ...(leaving.left > 0
      ? [`${counted(leaving.left, "room")} that your old account is not in any more`]
      : []),
    ...writtenLines(written),
    ...tellingLines(summary),
  ];
  const cut =
    openInvitations.length > MAX_ROOMS ? ` (the first ${MAX_ROOMS} of ${openInvitations.length})` : "";
  return [
    ...(lines.length === 0 ? [] : [paragraph(strong("What I did")), list(lines)]),
    ...(openInvitations.length === 0
      ? []
      : [
          paragraph(strong("Invitations that wait for your new account"), cut),
          list(openInvitations.slice(0, MAX_ROOMS).map(roomNames(openInvitations))),
        ]),
  ];
}

function tellingLines({ told, names }: RunSummary): string[] {
  const isDone = ({ problem }: { problem: unknown }): boolean => problem === null;
  const rooms = told.filter(isDone).length;
  const changed = names.filter(isDone);
  const inRooms = changed.filter(({ roomId }) => roomId !== null).length;
  return [
    ...(rooms > 0 ? [`${counted(rooms, "room")} told about your new account`] : []),
    ...(changed.length > inRooms ? ["the name of your old account changed"] : []),
    ...(inRooms > 0 ? [`the name of your old account changed in ${counted(inRooms, "room")}`] : []),
  ];
}

/** `room tags: 12`, a line a category. */
export function writtenLines(written: readonly { category: CategoryName; count: number }[]): string[] {
  return written.flatMap(({ category, count }) =>
    count === 0 ? [] : [`${categoryWords[category]}: ${count}`],
  );
}

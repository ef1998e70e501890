import type { PlanChange } from "../../model/plan-changes.ts";
import type { ReportRoom } from "../../model/report.ts";
import type { Route } from "../../model/routes.ts";
import type { Inline } from "../document/document.ts";
import type { MaybeFromFile } from "./from-file.ts";
import { shownRoomName } from "./room-line.ts";

/** How a room is reached, in words that follow its name or a number of rooms. */
export const routeWords: Readonly<Record<Route, string>> = {
  joined: "already there",
  accept_invite: "by an invitation that is waiting",
  join: "open to everyone",
  join_restricted: "open to members of a space or room",
  invite: "by an invitation from your old account",
  knock: "by knocking, which somebody must answer",
  ask_moderator: "need somebody's help",
  successor: "replaced by a newer room",
  impossible: "can't be moved",
  excluded: "left out",
};

/** A line for a room whose route has changed. */
export function changedRoute({ room, before, isTried }: PlanChange): Inline[] {
  const words = isTried ? "tried once, because no server told me about it" : routeWords[room.route];
  return [
    ...shownRoomName(room),
    before === null ? `: new, ${words}` : `: now ${words}, before ${routeWords[before]}`,
  ];
}

/** A line for a room that the old account has left since the plan, or that its files lack now. */
export function goneRoom(room: ReportRoom, { isFromFile }: MaybeFromFile): Inline[] {
  return [
    ...shownRoomName(room),
    isFromFile === true ? ": no longer in your files" : ": your old account is no longer in it",
  ];
}

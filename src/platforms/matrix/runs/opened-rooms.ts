import { haveChangedFor } from "../../../model/access-facts.ts";
import { allowedIn } from "../../../model/room-routes.ts";
import type { RunRoom } from "../../../model/run-room.ts";
import type { PlannedStep } from "../../../model/step.ts";
import type { StoredRooms } from "./remaining-steps.ts";
import { revisedRooms } from "./remaining-steps.ts";
import type { DecidedMove } from "./steps-of-run.ts";
import { stepsInto } from "./steps-of-run.ts";

/**
 * The rooms of a run that asked people to let the target in, after both accounts were read again,
 * and the steps into those that are open now. Such a run neither invites nor knocks again.
 */
export function openedRooms(
  decided: Pick<DecidedMove["decided"], "rooms" | "replacements">,
  stored: StoredRooms,
): { rooms: RunRoom[]; again: PlannedStep[] } {
  const before = new Map(stored.before.map((room) => [room.roomId, room]));
  const rooms = revisedRooms(decided, stored).rooms.flatMap((room) => {
    const known = before.get(room.roomId);
    return known === undefined ? [] : [answeredRoom(room, known)];
  });
  const open = rooms.filter(({ status }) => status === "planned");
  return { rooms, again: open.flatMap((room) => stepsInto(room, room.route)) };
}

const mayEnterBy = allowedIn({ purpose: "joins" });

function answeredRoom(room: RunRoom, before: RunRoom): RunRoom {
  if (isOldRefusal(room, before)) return before;
  if (room.status !== "planned" || mayEnterBy(room.route)) return room;
  const { route } = before;
  return { ...room, route, status: before.status === "planned" ? "needs_moderator" : before.status };
}

/**
 * Whether a refusal is from before the run knocked: the source's server may not show the new knock
 * yet.
 */
function isOldRefusal({ planned }: RunRoom, { route, planned: known }: RunRoom): boolean {
  return (
    route === "knock" &&
    planned.row.reason?.code === "refused" &&
    known.row.reason?.code !== "refused" &&
    planned.facts !== null &&
    known.facts !== null &&
    !haveChangedFor("knock", known.facts, planned.facts)
  );
}

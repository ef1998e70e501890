import type { RunRoom } from "../../../model/run-room.ts";
import type { PlannedStep } from "../../../model/step.ts";
import type { Tried } from "../../planning.ts";
import type { ChosenCategories } from "../../planning.ts";
import { writesWholeList } from "../categories/registry.ts";
import type { PlannedRoom } from "../planning/planned-room.ts";
import { runRoom } from "./room-of-run.ts";
import type { DecidedMove } from "./steps-of-run.ts";
import { isChosen, stepsBesidesEntries, stepsInto } from "./steps-of-run.ts";

/** The rooms of a run after both accounts were read again. @param before the rooms as stored */
export function revisedRooms(
  { rooms, replacements }: Pick<DecidedMove["decided"], "rooms" | "replacements">,
  { before, tried }: { before: readonly RunRoom[]; tried: Tried },
): RunRoom[] {
  const storedById = new Map(before.map((room) => [room.roomId, room]));
  const isTried = (room: RunRoom): boolean => stepsInto(room, room.route).every(({ key }) => tried.has(key));
  const revise = (isReplacement: boolean) => (room: PlannedRoom) =>
    revisedRoom(runRoom(room, { isReplacement }), storedById.get(room.roomId), isTried);
  const revised = [...rooms.map(revise(false)), ...replacements.map(revise(true))];
  const byId = new Map(revised.map((room) => [room.roomId, room]));
  return revised.map((room) => {
    const successor = byId.get(room.planned.row.successor ?? "");
    return room.route === "successor" && successor !== undefined
      ? { ...room, status: successor.status }
      : room;
  });
}

/**
 * The room as it is now. A room that the run has tried without success keeps its status and is not
 * planned again.
 */
function revisedRoom(
  now: RunRoom,
  before: RunRoom | undefined,
  isTried: (room: RunRoom) => boolean,
): RunRoom {
  if (before === undefined) return now;
  const kept = { ...now, refusals: before.refusals, joinedAt: before.joinedAt };
  const isGivenUp =
    kept.status === "planned" && before.status !== "planned" && before.status !== "done" && isTried(kept);
  return isGivenUp ? { ...kept, status: before.status } : kept;
}

/**
 * Steps that are still missing and were not tried, and whole lists that were written before a room
 * was joined.
 * @param rooms as `revisedRooms` returns them
 */
export function remainingSteps(
  move: DecidedMove,
  { rooms, tried, request }: { rooms: readonly RunRoom[]; tried: Tried; request: ChosenCategories },
): PlannedStep[] {
  const desired = [
    ...rooms.filter((room) => room.status === "planned").flatMap((room) => stepsInto(room, room.route)),
    ...stepsBesidesEntries(move),
  ].filter(isChosen(request));
  const lastJoinedAt = Math.max(0, ...rooms.map((room) => room.joinedAt ?? 0));
  return desired.flatMap((step) => nextVersion(step, tried, lastJoinedAt) ?? []);
}

/**
 * The next version of a step, or `null` if there is nothing to repeat. Whole lists are rewritten
 * under a new key, so that each version keeps its own undo record.
 */
function nextVersion(step: PlannedStep, tried: Tried, lastJoinedAt: number): PlannedStep | null {
  for (let version = 1; ; version += 1) {
    const key = version === 1 ? step.key : `${step.key} ${version}`;
    const before = tried.get(key);
    if (before === undefined) return { ...step, key };
    const isOutdated =
      before.state === "done" && writesWholeList(step.kind) && (before.finishedAt ?? 0) < lastJoinedAt;
    if (!isOutdated) return null;
  }
}

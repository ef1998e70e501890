import type { RunRoom } from "../../../model/run-room.ts";
import type { RoomPlan } from "../planning/plan-rooms.ts";
import type { PlannedRoom } from "../planning/planned-room.ts";
import { runRoom } from "../runs/room-of-run.ts";

/**
 * The rooms of a run that asks people to let the target in: each is watched for the answer. With
 * them come the upgraded rooms that they replace, because reports show those.
 */
export function roomsToWatch(
  { rooms, replacements }: Pick<RoomPlan, "rooms" | "replacements">,
  chosen: readonly PlannedRoom[],
): RunRoom[] {
  const ids = new Set(chosen.map(({ roomId }) => roomId));
  const withoutRow = new Set(replacements.map(({ roomId }) => roomId));
  const replaced = rooms.filter(({ successor }) => successor !== null && ids.has(successor));
  return [
    ...replaced.map((row) => runRoom(row, { isReplacement: false })),
    ...chosen.map((row) => runRoom(row, { isReplacement: withoutRow.has(row.roomId) })),
  ];
}

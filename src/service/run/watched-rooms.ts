import type { RunRoom } from "../../model/run-room.ts";
import { asksPeople } from "../../model/run-tracks.ts";
import type { Run } from "../../model/run.ts";
import type { Runs } from "../../store/runs.ts";

/**
 * The rooms that a run looks at. A run that asked people leaves rooms to a run of the whole move
 * that watches them too, so that nobody reads twice that somebody was let in.
 */
export async function roomsToLookAt(
  run: Run,
  runs: Pick<Runs, "watchedRooms" | "unfinished">,
): Promise<readonly RunRoom[]> {
  const rooms = await runs.watchedRooms(run.id);
  if (!asksPeople(run) || rooms.length === 0) return rooms;
  const move = (await runs.unfinished(run.owner)).find(
    ({ purpose, source, target }) => purpose === "move" && source === run.source && target === run.target,
  );
  if (move === undefined) return rooms;
  const elsewhere = new Set((await runs.watchedRooms(move.id)).map(({ roomId }) => roomId));
  return rooms.filter(({ roomId }) => !elsewhere.has(roomId));
}

import { isActive } from "../../model/run-states.ts";
import { trackOf } from "../../model/run-tracks.ts";
import type { Run } from "../../model/run.ts";
import type { Runs } from "../../store/runs.ts";

/**
 * The runs that a person sees: of the track of moves the active one, otherwise the one that
 * watches; then the active ones of the other tracks, and without a move those that watch. So an
 * ended part of a move does not hide the move that watches. If there are none, the last run.
 */
export async function currentRuns(
  owner: string,
  runs: Pick<Runs, "unfinished" | "last">,
): Promise<readonly Run[]> {
  const unfinished = await runs.unfinished(owner);
  const isOfMove = (run: Run): boolean => trackOf(run) === "move";
  const move =
    unfinished.findLast((run) => isOfMove(run) && isActive(run)) ??
    unfinished.findLast((run) => isOfMove(run));
  const beside = unfinished.filter((run) => !isOfMove(run) && (isActive(run) || move === undefined));
  const current = move === undefined ? beside : [move, ...beside];
  if (current.length > 0) return current;
  const last = await runs.last(owner);
  return last === null ? [] : [last];
}

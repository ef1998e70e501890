import type { RunRoom } from "../../../model/run-room.ts";
import type { PlannedRoom } from "../planning/planned-room.ts";
import { reportRoom } from "../report/report.ts";
import type { StepContext } from "../steps/step-context.ts";

/** A planned room as a room of a new run. */
export function runRoom(room: PlannedRoom, { isReplacement }: { isReplacement: boolean }): RunRoom {
  const { roomId, routes, through, via, isNewToServer, isTry, facts } = room;
  const isJoined = room.route === "joined";
  return {
    roomId,
    planned: {
      row: reportRoom(room),
      work: { roomId, routes, through, via, isNewToServer, ...(isTry === true && { isTry }) },
      isCovered: isJoined,
      facts,
    },
    route: room.route,
    status: room.status,
    isJoined,
    refusals: [],
    joinedAt: null,
    isReplacement,
  };
}

/** What the target's server may have of a room's history at this number of tries. */
export function historyOf(
  { joinedAt, planned: { row, work } }: RunRoom,
  attempts: number,
): Required<Pick<StepContext, "isServerNew" | "mayHistoryCome">> {
  const isServerNew = joinedAt !== null && work.isNewToServer;
  const isHidden = row.warnings.some(({ code }) => code === "history_hidden");
  return { isServerNew, mayHistoryCome: isServerNew && !isHidden && attempts === 1 };
}

/**
 * The time after a join in which the person is expected to have changed nothing in the room. Steps
 * about a room follow its join at once.
 */
const JUST_JOINED_MS = 60_000;

/** Whether the run has just brought the target into a room. */
export function isJustJoined({ joinedAt }: Pick<RunRoom, "joinedAt">, now: number): boolean {
  return joinedAt !== null && now >= joinedAt && now - joinedAt < JUST_JOINED_MS;
}

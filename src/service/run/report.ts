import { allCategories } from "../../model/categories.ts";
import { laneOf, ownLimit } from "../../model/lanes.ts";
import type { Report, RoomProgress } from "../../model/report.ts";
import { reportTime } from "../../model/report.ts";
import { routeOfStep } from "../../model/room-routes.ts";
import type { RunRoom } from "../../model/run-room.ts";
import type { Run, StoredStep } from "../../model/run.ts";
import { heldLanes } from "../../queue/held-lanes.ts";
import type { Limits } from "../../queue/rate-limits.ts";

/**
 * The report of a plan during its run, with the current status of each room.
 * @param limits of the accounts, loaded
 */
export function runningReport(
  report: Report,
  run: Pick<Run, "source" | "target" | "problem"> & {
    rooms: readonly RunRoom[];
    steps: readonly StoredStep[];
  },
  { limits, now, isRunning }: { limits: Pick<Limits, "nextAt">; now: number; isRunning: boolean },
): Report {
  const progress = new Map<string, RoomProgress>();
  const entering = new Map<string, StoredStep>();
  const held = heldLanes(run);
  for (const step of run.steps) {
    if (
      step.roomId === null ||
      routeOfStep(step.kind) === null ||
      (step.state !== "pending" && step.state !== "taken")
    )
      continue;
    if (!entering.has(step.roomId)) entering.set(step.roomId, step);
  }
  for (const room of run.rooms) {
    const step = entering.get(room.roomId);
    const current = step === undefined ? null : (heldStatusOf(step) ?? (isRunning ? statusOf(step) : null));
    // Without a step, only a room that cannot be read waits.
    const waitingFor = room.status === "waiting" ? "room" : null;
    progress.set(room.roomId, { status: room.status, until: null, waitingFor, ...current });
  }
  return {
    ...report,
    generatedAt: reportTime(now),
    rooms: report.rooms.map((row) => ({ ...row, ...progress.get(row.successor ?? row.roomId) })),
  };

  /** `null` for a step that is not held. */
  function heldStatusOf(step: StoredStep): RoomProgress | null {
    if (run.problem === null || !held.includes(laneOf(step))) return null;
    const reason = { code: "account_limit", serverText: run.problem.problem.serverText } as const;
    return { status: "needs_you", until: null, waitingFor: null, reason };
  }

  function statusOf(step: StoredStep): RoomProgress | null {
    if (step.state === "taken") return { status: "running", until: null, waitingFor: null };
    const limit = ownLimit(step.limits);
    const limitedUntil = limit === null ? now : limits.nextAt(run[step.side], limit, now);
    const until = Math.max(step.notBefore, limitedUntil);
    if (until <= now) return null;
    const cause = step.notBefore > now ? (step.waitingFor ?? "server") : "limit";
    const waitingFor = cause === "daily_limit" ? "limit" : cause;
    return { status: "waiting", until: reportTime(until), waitingFor };
  }
}

/** The report of a run of a part of a move: its rooms with their final status. */
export function reportOfPart(
  { source, target, isFromFile }: Pick<Run, "source" | "target" | "isFromFile">,
  rooms: readonly RunRoom[],
  now: number,
): Report {
  return {
    schema: 1,
    source,
    target,
    ...(isFromFile && { isFromFile: true }),
    generatedAt: reportTime(now),
    rooms: rooms
      .filter((room) => !room.isReplacement)
      .map((room) => ({ ...room.planned.row, route: room.route, status: room.status })),
    categories: allCategories([]).map((entry) => ({ ...entry, missing: [...entry.missing] })),
    keys: null,
  };
}

/** The report with each room as it is after the run. */
export function reportAfterRun(report: Report, rooms: readonly RunRoom[]): Report {
  const byId = new Map(rooms.map((room) => [room.roomId, room]));
  return {
    ...report,
    rooms: report.rooms.map((row) => {
      const room = byId.get(row.roomId);
      return room === undefined ? row : { ...room.planned.row, status: room.status };
    }),
  };
}

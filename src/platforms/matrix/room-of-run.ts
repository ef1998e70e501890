import type { RouteRefusal, RunRoom } from "../../model/run-room.ts";
import type { Route } from "../../model/routes.ts";
import type { StepOutcome, StepProblem } from "../../model/step-outcome.ts";
import type { StepKind } from "../../model/step.ts";
import type { PlannedRoom } from "./planning/planned-room.ts";
import { routeOfStep } from "./planning/room-steps.ts";
import { reportRoom } from "./report/report.ts";
import type { StepContext } from "./steps/step-context.ts";

export function runRoom(room: PlannedRoom, { isReplacement }: { isReplacement: boolean }): RunRoom {
  const { roomId, routes, through, via, isNewToServer } = room;
  return {
    roomId,
    planned: { row: reportRoom(room), work: { roomId, routes, through, via, isNewToServer } },
    route: room.route,
    status: room.status,
    isInside: room.route === "joined",
    refusals: [],
    joinedAt: null,
    isReplacement,
  };
}

/** A room after one step. `next`: the route to take now, `null` if nothing more is tried. */
export interface RoomMove {
  room: RunRoom;
  next: Route | null;
}

/** @param allowed the routes that this run may take */
export function roomAfter(
  room: RunRoom,
  kind: StepKind,
  outcome: StepOutcome,
  { now, allowed }: { now: number; allowed: (route: Route) => boolean },
): RoomMove {
  const route = routeOfStep(kind);
  if (route === null) return { room, next: null };
  switch (outcome.status) {
    case "done":
    case "already_done":
      // The invitation is only half of the route; a join waits for it.
      if (kind === "invite") return { room, next: null };
      return {
        room: { ...room, isInside: true, status: "done", joinedAt: room.joinedAt ?? now },
        next: null,
      };
    case "needs_moderator":
      return { room: waiting(room), next: null };
    case "failed": {
      const refused = { ...room, refusals: [...room.refusals, refusalOf(route, outcome.problem)] };
      return outcome.problem.code === "blocked_by_server"
        ? closed(refused)
        : otherRoute(refused, route, allowed);
    }
    default:
      return { room, next: null };
  }
}

/** The room through which this one was to be reached cannot be entered. */
export function withoutThrough(room: RunRoom, allowed: (route: Route) => boolean): RoomMove {
  return otherRoute(room, "join_restricted", allowed);
}

/** The next route after one that failed, if one is left that needs nobody. */
export function nextRoute(room: RunRoom, route: Route, allowed: (route: Route) => boolean): Route | null {
  const { routes } = room.planned.work;
  return (
    routes.slice(routes.indexOf(route) + 1).find((next) => next !== "ask_moderator" && allowed(next)) ?? null
  );
}

function otherRoute(room: RunRoom, route: Route, allowed: (route: Route) => boolean): RoomMove {
  const next = nextRoute(room, route, allowed);
  if (next !== null) return { room: { ...room, route: next, status: "planned" }, next };
  const isHelpable = room.planned.work.routes.includes("ask_moderator");
  return isHelpable
    ? { room: { ...room, route: "ask_moderator", status: "needs_moderator" }, next: null }
    : { room: { ...room, status: "failed" }, next: null };
}

function closed(room: RunRoom): RoomMove {
  return { room: { ...room, route: "impossible", status: "skipped" }, next: null };
}

function waiting(room: RunRoom): RunRoom {
  return { ...room, route: "knock", status: "needs_moderator" };
}

function refusalOf(route: Route, { code, serverText }: StepProblem): RouteRefusal {
  const known =
    code === "blocked_by_server" || code === "unreachable_server" || code === "invite_blocked"
      ? code
      : "refused";
  return { route, code: known, serverText };
}

/** Whether the run has nothing more to do for the room, and the target is not in it. */
export function isLeft({ isInside, status }: RunRoom): boolean {
  return !isInside && status !== "planned";
}

/** Whether a person may still let the target in, so that the room is watched. */
export function waitsForPerson({ isInside, status }: RunRoom): boolean {
  return !isInside && (status === "needs_moderator" || status === "needs_you" || status === "failed");
}

/** What the target's server can have of a room's history at this number of tries. */
export function historyOf(
  { joinedAt, planned: { row, work } }: RunRoom,
  attempts: number,
): Required<Pick<StepContext, "isServerNew" | "mayHistoryCome">> {
  const isServerNew = joinedAt !== null && work.isNewToServer;
  const isHidden = row.warnings.some(({ code }) => code === "history_hidden");
  return { isServerNew, mayHistoryCome: isServerNew && !isHidden && attempts === 1 };
}

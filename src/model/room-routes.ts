import type { AccessFacts } from "./access-facts.ts";
import type { RouteRefusal } from "./route-refusals.ts";
import { withRefusal } from "./route-refusals.ts";
import type { Route, Status } from "./routes.ts";
import type { RunRoom } from "./run-room.ts";
import type { Run } from "./run.ts";
import type { StepOutcome, StepProblem } from "./step-outcome.ts";
import type { StepKind } from "./step.ts";

/** The route of a step; `null` if it has none. */
export function routeOfStep(kind: StepKind): Route | null {
  switch (kind) {
    case "accept_invite":
    case "join":
    case "join_restricted":
    case "invite":
    case "knock":
      return kind;
    case "join_invited":
      return "invite";
    default:
      return null;
  }
}

/** The routes into rooms that a run may take. */
export function allowedIn({ purpose }: Pick<Run, "purpose">): (route: Route) => boolean {
  switch (purpose) {
    case "invitations":
      return (route) => route === "invite";
    case "joins":
      return (route) => route === "accept_invite" || route === "join" || route === "join_restricted";
    default:
      return () => true;
  }
}

/** A room after one step. `next`: the route to take now; `null` if no other route is tried. */
export interface RoomMove {
  room: RunRoom;
  next: Route | null;
}

/**
 * The room after the outcome of a step that enters it.
 * @param allowed the routes that this run may take
 */
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
      // The invitation is only half of the route. A join waits for it.
      if (kind === "invite") return { room, next: null };
      return {
        room: { ...room, isJoined: true, status: "done", joinedAt: joinedAt(room, now) },
        next: null,
      };
    case "needs_moderator":
      return { room: waiting(room), next: null };
    case "failed": {
      const answer = answerOf(outcome.problem);
      // A later plan does not repeat what was only tried.
      const isTried = room.planned.work.isTry === true && route !== "accept_invite" && route !== "invite";
      const who = isTried ? "room" : answer.who;
      const refusal = { ...answer, who, route, at: now, facts: room.planned.facts };
      const refused = { ...room, refusals: withRefusal(room.refusals, refusal) };
      return outcome.problem.code === "blocked_by_server"
        ? closed(refused)
        : movedTo(nextRoute(refused, route, allowed), refused);
    }
    default:
      return { room, next: null };
  }
}

/** The room after the target did not get into the other room that would have opened it. */
export function withoutThrough(room: RunRoom, allowed: (route: Route) => boolean): RoomMove {
  return movedTo(routeAfter(room, "join_restricted", allowed), room);
}

/**
 * The next route after a failed one, if a route without help from people is left. A join that comes
 * after a restricted one is the same request, so its answer is known.
 */
export function nextRoute(room: RunRoom, route: Route, allowed: (route: Route) => boolean): Route | null {
  const isSame = (next: Route): boolean => route === "join_restricted" && next === "join";
  return routeAfter(room, route, (next) => !isSame(next) && allowed(next));
}

function routeAfter(room: RunRoom, route: Route, allowed: (route: Route) => boolean): Route | null {
  const { routes } = room.planned.work;
  return (
    routes.slice(routes.indexOf(route) + 1).find((next) => next !== "ask_moderator" && allowed(next)) ?? null
  );
}

/** @param next the next route; `null` if only people can help */
function movedTo(next: Route | null, room: RunRoom): RoomMove {
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

/** The last join counts if the room was left and joined again. */
function joinedAt(room: RunRoom, now: number): number {
  return room.isJoined ? (room.joinedAt ?? now) : now;
}

function answerOf({ code, serverText }: StepProblem): Pick<RouteRefusal, "code" | "who" | "serverText"> {
  switch (code) {
    case "blocked_by_server":
      return { code, who: "own_server", serverText };
    case "invite_blocked":
      return { code, who: "account", serverText };
    // Internal errors and missing answers are no verdict.
    case "unreachable_server":
    case "server_trouble":
      return { code: "unreachable_server", who: "nobody", serverText };
    default:
      return { code: "refused", who: "room", serverText };
  }
}

/** Whether the run is finished with the room and the target is not in it. */
export function isNotEntered({ isJoined, status }: RunRoom): boolean {
  return !isJoined && status !== "planned";
}

/**
 * The statuses of rooms that are watched: a person may still let the target in, or a server may
 * still show the room.
 */
export const WATCHED_STATUSES = [
  "needs_moderator",
  "needs_you",
  "failed",
  "waiting",
] as const satisfies readonly Status[];
const WATCHED: ReadonlySet<Status> = new Set<Status>(WATCHED_STATUSES);

/**
 * Whether a run watches a room: a person may still let the target in, or a server may still show
 * the room (`waiting`). Files do not say everybody who could let the target in, so a run by files
 * watches rooms that look impossible too.
 */
export function watchedIn({ isFromFile }: Pick<Run, "isFromFile">): (room: RunRoom) => boolean {
  return ({ isJoined, status, route }) =>
    !isJoined && (WATCHED.has(status) || (isFromFile && route === "impossible"));
}

/** A change in a room that waits for a person. */
export type AccessChange =
  | { readonly kind: "joined" }
  /**
   * The target can get in by itself now. `through`: the room that opens a restricted room. `facts`:
   * the room as it is now.
   */
  | (OpenedRoute & { readonly kind: "open"; readonly facts: AccessFacts })
  /** The target's knock is over, and nobody knows who ended it. `facts`: those of the refusal. */
  | { readonly kind: "knock_ended"; readonly facts: AccessFacts }
  /** The room's route has to be planned again. */
  | { readonly kind: ChangeOfRoute };

export type OpenedRoute =
  | { readonly route: "accept_invite" | "join"; readonly through: null }
  | { readonly route: "join_restricted"; readonly through: string };

/**
 * - `banned`, `unbanned`: the target was banned or unbanned. Nothing else has changed.
 * - `acl_lifted`: the room no longer shuts out the target's server.
 * - `knock_declined`: somebody in the room declined the target's knock.
 * - `readable`: the server shows a room again that could not be read.
 */
export type ChangeOfRoute = "banned" | "unbanned" | "acl_lifted" | "knock_declined" | "readable";

/** The changes by room ID. Only requested rooms with a change are in it. */
export type AccessChanges = ReadonlyMap<string, AccessChange>;

/**
 * A room after a change that the watch has seen. Rooms that still cannot be entered stay as they
 * are: when the run settles, it reads both accounts and plans those rooms again.
 * @param now in milliseconds since the epoch
 */
export function roomAfterChange(room: RunRoom, change: AccessChange, now: number): RunRoom {
  switch (change.kind) {
    case "joined":
      return { ...room, isJoined: true, status: "done", joinedAt: joinedAt(room, now) };
    case "open": {
      const { work } = room.planned;
      return {
        ...room,
        route: change.route,
        status: "planned",
        planned: {
          ...room.planned,
          facts: change.facts,
          work: { ...work, routes: [change.route, "ask_moderator"], through: change.through ?? work.through },
        },
      };
    }
    case "knock_ended": {
      const { facts } = change;
      const refusal = {
        route: "knock",
        code: "refused",
        who: "room",
        serverText: null,
        at: now,
        facts,
      } as const;
      return {
        ...room,
        route: "ask_moderator",
        status: "needs_moderator",
        refusals: withRefusal(room.refusals, refusal),
      };
    }
    case "banned":
    case "unbanned":
    case "acl_lifted":
    case "knock_declined":
    case "readable":
      return room;
  }
}

import { isNamed } from "../../../model/filters.ts";
import { allowedIn } from "../../../model/room-routes.ts";
import type { Route } from "../../../model/routes.ts";
import type { RunRoom } from "../../../model/run-room.ts";
import type { PlannedStep } from "../../../model/step.ts";
import type { ChosenCategories, RunContents } from "../../planning.ts";
import type { AccountContents } from "../categories/contents.ts";
import { keptRoomSteps } from "../categories/kept-room-profiles/plan.ts";
import { isWrittenIntoRooms } from "../categories/profile/plan.ts";
import { categoryOfStep, planContentSteps } from "../categories/registry.ts";
import type { RoomPlan } from "../planning/plan-rooms.ts";
import type { PlannedRoom } from "../planning/planned-room.ts";
import { roomMapping } from "../planning/room-mapping.ts";
import { entrySteps, powerStep } from "../planning/room-steps.ts";
import { runRoom } from "./room-of-run.ts";

/** Both accounts as they are now, and the plan of their rooms. */
export interface DecidedMove {
  readings: { source: AccountContents; target: AccountContents };
  decided: Pick<RoomPlan, "rooms" | "replacements" | "order">;
}

/** The whole plan: rooms in the order of their dependencies, power levels, and everything else. */
export function stepsOfWholePlan({ decided, readings }: DecidedMove, request: ChosenCategories): RunContents {
  const rooms = [...runRooms(decided.rooms, false), ...runRooms(decided.replacements, true)];
  const order = new Map(decided.order.map((roomId, index) => [roomId, index]));
  const entries = rooms
    .filter((room) => order.has(room.roomId))
    .sort((left, right) => (order.get(left.roomId) ?? 0) - (order.get(right.roomId) ?? 0))
    .flatMap((room) => stepsInto(room, room.route));
  const contents = planContentSteps(readings.source, readings.target, roomMapping(decided.rooms));
  const steps = [...entries, ...powerSteps({ decided }), ...contents];
  return { rooms, steps: withKeptRooms(steps.filter(isChosen(request)), readings) };
}

/**
 * Invitations or joins alone. Named rooms are tried whatever the plan says about them. The server
 * decides.
 */
export function stepsOfRooms(
  { decided }: Pick<DecidedMove, "decided">,
  { purpose, named }: { purpose: "invitations" | "joins"; named: readonly string[] },
): RunContents {
  const allowed = allowedIn({ purpose });
  const chosen = [...decided.rooms, ...decided.replacements].filter((room) =>
    named.length === 0
      ? room.status === "planned" && allowed(room.route)
      : room.route !== "joined" && named.some((word) => isNamed(room, word)),
  );
  const rooms = runRooms(chosen, false);
  const chosenIds = new Set(rooms.map(({ roomId }) => roomId));
  const steps = rooms.flatMap((room) => {
    const route = purpose === "invitations" ? "invite" : (room.planned.work.routes.find(allowed) ?? "join");
    return (
      stepsInto(room, route)
        .filter(({ kind }) => purpose === "joins" || kind === "invite")
        // A step does not wait for a room that this run does not enter: the account has already
        // joined it, or nothing in this run will.
        .map((step) =>
          step.needsRoom === null || chosenIds.has(step.needsRoom) ? step : { ...step, needsRoom: null },
        )
    );
  });
  return { rooms, steps };
}

/** The profile alone, and what it would overwrite in rooms. */
export function profileSteps({ readings, decided }: DecidedMove): PlannedStep[] {
  const steps = planContentSteps(readings.source, readings.target, roomMapping(decided.rooms));
  return withKeptRooms(
    steps.filter(({ kind }) => kind === "profile_field"),
    readings,
  );
}

/** Words that match no room of the plan. */
export function unknownRooms({ decided }: Pick<DecidedMove, "decided">, named: readonly string[]): string[] {
  const all = [...decided.rooms, ...decided.replacements];
  return named.filter((word) => !all.some((room) => isNamed(room, word)));
}

/** The steps that give the target its levels. */
export function powerSteps({ decided }: Pick<DecidedMove, "decided">): PlannedStep[] {
  return [...decided.rooms, ...decided.replacements].map(powerStep).filter((step) => step !== null);
}

/**
 * The steps, and those that write back what a change of the global profile among them overwrites in
 * rooms.
 */
export function withKeptRooms(
  steps: readonly PlannedStep[],
  { target }: Pick<DecidedMove["readings"], "target">,
): PlannedStep[] {
  return steps.some(isWrittenIntoRooms) ? [...steps, ...keptRoomSteps(target)] : [...steps];
}

/** Whether a filter by categories lets a step pass. */
export function isChosen({ filters }: ChosenCategories): (step: Pick<PlannedStep, "kind">) => boolean {
  const { categories } = filters;
  return ({ kind }) => {
    const category = categoryOfStep(kind);
    return categories === null || category === null || categories.includes(category);
  };
}

/** The steps of one route into a room. */
export function stepsInto(room: RunRoom, route: Route): PlannedStep[] {
  return entrySteps(room.planned.work, route);
}

function runRooms(rooms: readonly PlannedRoom[], isReplacement: boolean): RunRoom[] {
  return rooms.map((room) => runRoom(room, { isReplacement }));
}

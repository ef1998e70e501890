import type { PlannedStep } from "../../model/step.ts";
import { planContentSteps } from "../../platforms/matrix/categories/registry.ts";
import { roomMapping } from "../../platforms/matrix/planning/room-mapping.ts";
import { powerStep } from "../../platforms/matrix/planning/room-steps.ts";
import type { PlannedRoom } from "../../platforms/matrix/planning/planned-room.ts";
import type { Report, ReportRoom } from "../../model/report.ts";
import { isNamed } from "../../platforms/matrix/rooms/room-name.ts";
import type { RunRoom } from "../../platforms/matrix/room-of-run.ts";
import { runRoom } from "../../platforms/matrix/room-of-run.ts";
import type { PlanRequestData } from "../plan/request.ts";
import type { Decision } from "../plan/planning.ts";
import { isChosen } from "./settle.ts";
import type { PlanChange } from "./results.ts";
import { allowedIn, stepsInto } from "./work.ts";

/** What a run consists of when it begins. */
export interface RunContents {
  rooms: readonly RunRoom[];
  steps: readonly PlannedStep[];
}

/**
 * The whole plan: rooms in the order in which they depend on each other, powers, and everything
 * else of the account.
 */
export function stepsOfWholePlan({ decided, readings }: Decision, request: PlanRequestData): RunContents {
  const rooms = [...runRooms(decided.rooms, false), ...runRooms(decided.replacements, true)];
  const order = new Map(decided.order.map((roomId, index) => [roomId, index]));
  const entries = rooms
    .filter((room) => order.has(room.roomId))
    .sort((left, right) => (order.get(left.roomId) ?? 0) - (order.get(right.roomId) ?? 0))
    .flatMap((room) => stepsInto(room, room.route));
  const powers = [...decided.rooms, ...decided.replacements].map(powerStep).filter((step) => step !== null);
  const contents = planContentSteps(readings.source, readings.target, roomMapping(decided.rooms));
  return { rooms, steps: [...entries, ...powers, ...contents].filter(isChosen(request)) };
}

/**
 * Invitations or joins alone. Rooms that are named are tried whatever the plan says of them; the
 * server has the last word.
 */
export function stepsOfRooms(
  { decided }: Decision,
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
        // A room that opens this one and is not entered here is one that the account is in already,
        // or there is nothing to wait for.
        .map((step) =>
          step.needsRoom === null || chosenIds.has(step.needsRoom) ? step : { ...step, needsRoom: null },
        )
    );
  });
  return { rooms, steps };
}

/** The profile alone. */
export function profileSteps({ readings, decided }: Decision): PlannedStep[] {
  const steps = planContentSteps(readings.source, readings.target, roomMapping(decided.rooms));
  return steps.filter(({ kind }) => kind === "profile_field");
}

/** Words that name no room of the plan. */
export function unknownRooms({ decided }: Decision, named: readonly string[]): string[] {
  const all = [...decided.rooms, ...decided.replacements];
  return named.filter((word) => !all.some((room) => isNamed(room, word)));
}

/** What is another way now than in the plan that was shown. */
export function differencesOf(before: Report, now: Report): { changes: PlanChange[]; gone: ReportRoom[] } {
  const routes = new Map(before.rooms.map((room) => [room.roomId, room.route]));
  const roomIds = new Set(now.rooms.map((room) => room.roomId));
  return {
    changes: now.rooms
      .filter((room) => routes.get(room.roomId) !== room.route)
      .map((room) => ({ room, before: routes.get(room.roomId) ?? null })),
    gone: before.rooms.filter((room) => !roomIds.has(room.roomId)),
  };
}

function runRooms(rooms: readonly PlannedRoom[], isReplacement: boolean): RunRoom[] {
  return rooms.map((room) => runRoom(room, { isReplacement }));
}

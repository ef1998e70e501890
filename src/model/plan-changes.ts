import type { Report, ReportRoom } from "./report.ts";
import type { Route } from "./routes.ts";

/** A room whose route changed between the plan and its start. */
export interface PlanChange {
  room: ReportRoom;
  /** `null`: the room is new. */
  before: ReportRoom["route"] | null;
}

/** How a plan differs from the one that was shown before. */
export function differencesOf(
  before: Pick<Report, "rooms">,
  now: Pick<Report, "rooms">,
): { changes: { room: ReportRoom; before: Route | null }[]; gone: ReportRoom[] } {
  const routes = new Map(before.rooms.map((room) => [room.roomId, room.route]));
  const roomIds = new Set(now.rooms.map((room) => room.roomId));
  return {
    changes: now.rooms
      .filter((room) => routes.get(room.roomId) !== room.route)
      .map((room) => ({ room, before: routes.get(room.roomId) ?? null })),
    gone: before.rooms.filter((room) => !roomIds.has(room.roomId)),
  };
}

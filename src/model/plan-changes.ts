import type { Report, ReportRoom } from "./report.ts";
import type { Route } from "./routes.ts";

/** A room whose route changed since an earlier plan. */
export interface PlanChange {
  room: ReportRoom;
  /** `null`: the room is new. */
  before: Route | null;
  /** No server said anything about the room, so a run tries its route once. */
  isTried: boolean;
}

/**
 * How a plan differs from the one that was shown before.
 * @param tried the IDs of rooms that are only tried
 */
export function differencesOf(
  before: Pick<Report, "rooms">,
  now: Pick<Report, "rooms">,
  tried: readonly string[],
): { changes: PlanChange[]; gone: ReportRoom[] } {
  const triedIds = new Set(tried);
  const routes = new Map(before.rooms.map((room) => [room.roomId, room.route]));
  const roomIds = new Set(now.rooms.map((room) => room.roomId));
  return {
    changes: now.rooms
      .filter((room) => routes.get(room.roomId) !== room.route)
      .map((room) => ({
        room,
        before: routes.get(room.roomId) ?? null,
        isTried: room.status === "planned" && triedIds.has(room.roomId),
      })),
    gone: before.rooms.filter((room) => !roomIds.has(room.roomId)),
  };
}

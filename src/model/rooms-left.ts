import type { Report, ReportRoom } from "./report.ts";
import type { ReasonCode } from "./routes.ts";
import { REASON_CODES } from "./routes.ts";

/** Why rooms are not moved, in the order in which reports list and number them. */
const NOT_MOVED_CAUSES = [
  "knock",
  ...REASON_CODES,
  "failed",
  "other",
  "running",
  "waiting",
  "planned",
  "excluded",
] as const;
/**
 * The cause: a reason of the plan, or a cause that follows from the room's route and status.
 * - `knock`: somebody must answer a knock.
 * - `other`: not moved for an unknown reason.
 */
export type NotMovedCause =
  ReasonCode | "knock" | "failed" | "other" | "running" | "waiting" | "planned" | "excluded";

/** Rooms with the same cause, in the order of the report. */
export interface RoomsOfCause {
  cause: NotMovedCause;
  rooms: readonly ReportRoom[];
}

/**
 * The rooms that are not moved, by cause. A replaced room whose replacement has a row of its own is
 * not among them: that row names the obstacle.
 */
export function roomsByCause({ rooms }: Pick<Report, "rooms">): RoomsOfCause[] {
  const left = withoutReplaced(rooms).filter((room) => room.status !== "done");
  const byCause = Map.groupBy(left, causeOf);
  return NOT_MOVED_CAUSES.flatMap((cause) => {
    const ofCause = byCause.get(cause);
    return ofCause ? [{ cause, rooms: ofCause }] : [];
  });
}

/** The rooms of the text report in the order of their numbers: `#1` is the first of them. */
export function numberedRooms(report: Pick<Report, "rooms">): ReportRoom[] {
  return roomsByCause(report).flatMap((group) => group.rooms);
}

/**
 * The rooms that need help from people, cannot be moved or cannot be read, in the order in which a
 * plan numbers them.
 */
export function blockedRooms({ rooms }: Pick<Report, "rooms">): ReportRoom[] {
  return withoutReplaced(rooms).filter((room) => isLeftToWatch(room) || room.route === "impossible");
}

function withoutReplaced(rooms: readonly ReportRoom[]): ReportRoom[] {
  const roomIds = new Set(rooms.map((room) => room.roomId));
  return rooms.filter((room) => room.successor === null || !roomIds.has(room.successor));
}

/** Whether a room of a plan waits for people, or for a server that does not show it now. */
export function isLeftToWatch({ status }: Pick<ReportRoom, "status">): boolean {
  return status === "needs_moderator" || status === "needs_you" || status === "waiting";
}

function causeOf(room: ReportRoom): NotMovedCause {
  if (room.route === "excluded") return "excluded";
  if (room.status === "failed") return "failed";
  if (room.status === "running") return "running";
  if (room.status === "waiting") return room.reason?.code === "unreadable" ? "unreadable" : "waiting";
  if (room.status === "planned" && room.route !== "knock") return "planned";
  if (room.route === "knock") return "knock";
  return room.reason?.code ?? "other";
}

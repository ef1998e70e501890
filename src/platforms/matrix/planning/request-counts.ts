import type { Route } from "../../../model/routes.ts";
import type { RequestCounts } from "../../../model/time-estimate.ts";
import type { PlannedRoom } from "./planned-room.ts";

const JOINS: ReadonlySet<Route> = new Set<Route>(["accept_invite", "join", "join_restricted", "invite"]);

/**
 * The number of limited requests that the rooms of a plan need. A knock that is approved later is
 * not counted.
 * @param rooms rows and replacements together
 */
export function roomRequestCounts(rooms: readonly PlannedRoom[]): RequestCounts {
  const joined = rooms.filter((room) => room.status === "planned" && JOINS.has(room.route));
  const inside = rooms.filter((room) => room.route === "joined");
  return {
    invitations: joined.filter((room) => room.route === "invite").length,
    joinsNewToServer: joined.filter((room) => room.isNewToServer).length,
    otherJoins: joined.filter((room) => !room.isNewToServer).length,
    sourceWrites: [...joined, ...inside].filter((room) => room.grant.outcome === "write").length,
    targetWrites: 0,
  };
}

import type { Route } from "../../../model/routes.ts";
import type { PlannedStep } from "../../../model/step.ts";
import type { RequestCounts } from "../../../model/time-estimate.ts";
import type { PlannedRoom } from "./planned-room.ts";

const JOINS: ReadonlySet<Route> = new Set<Route>(["accept_invite", "join", "join_restricted", "invite"]);

/**
 * The number of limited requests that a plan needs. A knock that is approved later is not counted.
 * @param rooms rows and replacements together
 * @param contentSteps the steps of everything besides rooms
 */
export function roomRequestCounts(
  rooms: readonly PlannedRoom[],
  contentSteps: readonly Pick<PlannedStep, "limits">[] = [],
): RequestCounts {
  const joined = rooms.filter((room) => room.status === "planned" && JOINS.has(room.route));
  const inside = rooms.filter((room) => room.route === "joined");
  return {
    invitations: joined.filter((room) => room.route === "invite").length,
    joinsNewToServer: joined.filter((room) => room.isNewToServer).length,
    otherJoins: joined.filter((room) => !room.isNewToServer).length,
    sourceWrites: [...joined, ...inside].filter((room) => room.grant.outcome === "write").length,
    targetWrites: contentSteps.filter(({ limits }) => limits.includes("messages")).length,
  };
}

import { LANES, isKnockLane, ownLimitOfLane, sideOfLane } from "../model/lanes.ts";
import type { Run } from "../model/run.ts";
import type { LimitName } from "../model/step.ts";

const JOINS: ReadonlySet<LimitName | null> = new Set(["joins", "remote_joins"]);

/**
 * The lanes whose steps wait until the owner of a run has acted, because an account has reached its
 * server's limit of joins or invitations. An invitation or a knock that leads to no join would be
 * wasted, so both wait for joins as well. A new chat needs an invitation too.
 */
export function heldLanes({ problem }: Pick<Run, "problem">): readonly string[] {
  if (problem?.problem.code !== "account_limit") return [];
  return LANES.filter((lane) => {
    const limit = ownLimitOfLane(lane);
    return (
      limit === "invitations" ||
      (limit === "room_creation" && sideOfLane(lane) === problem.side) ||
      (problem.side === "target" && sideOfLane(lane) === "target" && (JOINS.has(limit) || isKnockLane(lane)))
    );
  });
}

import type { Side } from "./account.ts";
import { sides } from "./account.ts";
import type { LimitName, PlannedStep } from "./step.ts";
import { LIMITS } from "./step.ts";

/**
 * The lane of a step: its side and its scarcest limit. Lanes run in parallel, so that a step that
 * waits in one lane delays nothing in another.
 */
export function laneOf({ side, limits }: Pick<PlannedStep, "side" | "limits">): string {
  return `${side}:${ownLimit(limits) ?? "free"}`;
}

/**
 * The limit that would delay the request longest: the scarcest one that counts it. `null` if no
 * limit counts it.
 */
export function ownLimit(limits: readonly LimitName[]): LimitName | null {
  const scarcestFirst: readonly LimitName[] = ["invitations", "remote_joins", "joins", "messages"];
  return scarcestFirst.find((name) => limits.includes(name)) ?? null;
}

/** The side whose account acts in a lane. */
export function sideOfLane(lane: string): Side {
  return lane.startsWith("source:") ? "source" : "target";
}

/** The scarcest limit of a lane's steps; `null` if no limit counts them. */
export function ownLimitOfLane(lane: string): LimitName | null {
  return LIMITS.find((name) => lane === `${sideOfLane(lane)}:${name}`) ?? null;
}

/**
 * All lanes, in the order in which they are served. If two lanes share a plentiful limit, the lane
 * that also needs a scarce one is first.
 */
export const LANES: readonly string[] = [
  "source:invitations",
  "target:remote_joins",
  "target:joins",
  ...sides.flatMap((side) => LIMITS.map((name) => `${side}:${name}`)),
  "source:free",
  "target:free",
].filter((lane, index, all) => all.indexOf(lane) === index);

import type { Side } from "./account.ts";
import { sides } from "./account.ts";
import type { LimitName, PlannedStep, StepKind } from "./step.ts";
import { LIMITS } from "./step.ts";

const KNOCKS = "knocks";

/**
 * The lane of a step: its side and its scarcest limit. Lanes run in parallel, so that a step that
 * waits in one lane delays nothing in another. Knocks have a lane of their own: they share their
 * limit with requests that need no other server.
 */
export function laneOf({ kind, side, limits }: Pick<PlannedStep, "kind" | "side" | "limits">): string {
  return kind === "knock" ? `${side}:${KNOCKS}` : `${side}:${ownLimit(limits) ?? "free"}`;
}

/** Whether the homeserver asks other servers before it answers the requests of a lane. */
export function isFederatedLane(lane: string): boolean {
  const own = ownLimitOfLane(lane);
  return isKnockLane(lane) || (own !== null && own !== "messages" && own !== "room_creation");
}

/**
 * The limit that would delay the request longest: the scarcest one that counts it. `null` if no
 * limit counts it.
 */
export function ownLimit(limits: readonly LimitName[]): LimitName | null {
  const scarcestFirst: readonly LimitName[] = [
    "invitations",
    "remote_joins",
    "room_creation",
    "joins",
    "messages",
  ];
  return scarcestFirst.find((name) => limits.includes(name)) ?? null;
}

const OPEN_CHAT: StepKind = "open_chat";
/** After the room of a new chat is made, the step sends an invitation and a text. */
const MESSAGES_OF_NEW_CHAT = 2;

/**
 * The requests of steps by limit, for the time that they take. A request counts for the scarcest
 * limit that counts it.
 */
export function requestsByLimit(
  steps: readonly { readonly kind: string; readonly limit: LimitName | null; readonly count: number }[],
): ReadonlyMap<LimitName, number> {
  const found = new Map<LimitName, number>();
  const add = (limit: LimitName, count: number): void => {
    found.set(limit, (found.get(limit) ?? 0) + count);
  };
  for (const { kind, limit, count } of steps) {
    if (limit !== null) add(limit, count);
    if (kind === OPEN_CHAT && limit === "room_creation") add("messages", count * MESSAGES_OF_NEW_CHAT);
  }
  return found;
}

/** The side whose account acts in a lane. */
export function sideOfLane(lane: string): Side {
  return lane.startsWith("source:") ? "source" : "target";
}

/** The scarcest limit of a lane's steps; `null` if no limit counts them. */
export function ownLimitOfLane(lane: string): LimitName | null {
  if (isKnockLane(lane)) return "messages";
  return LIMITS.find((name) => lane === `${sideOfLane(lane)}:${name}`) ?? null;
}

export function isKnockLane(lane: string): boolean {
  return lane.endsWith(`:${KNOCKS}`);
}

/**
 * All lanes, in the order in which they are served. If two lanes share a plentiful limit, the lane
 * that also needs a scarce one is first.
 */
export const LANES: readonly string[] = [
  "source:invitations",
  "target:remote_joins",
  "target:joins",
  `target:${KNOCKS}`,
  "source:room_creation",
  "target:room_creation",
  ...sides.flatMap((side) => LIMITS.map((name) => `${side}:${name}`)),
  "source:free",
  "target:free",
].filter((lane, index, all) => all.indexOf(lane) === index);

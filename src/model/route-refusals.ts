import { z } from "zod";
import type { AccessFacts } from "./access-facts.ts";
import { accessFactsSchema, haveChangedFor, haveChangedSince, mayBeSentAgain } from "./access-facts.ts";
import type { Route } from "./routes.ts";
import { ROUTES } from "./routes.ts";

/**
 * Who refused a route.
 * - `room`: a server of the room or a rule of it, whichever server passed that on.
 * - `own_server`: the account's own server, by rules of its own.
 * - `account`: the settings of the new account.
 * - `nobody`: no server answered with a verdict.
 */
export const REFUSED_BY = ["room", "own_server", "account", "nobody"] as const;

/**
 * A route that was tried and refused. `vain`: the server accepted the join, but the account is not
 * in the room.
 */
export const routeRefusalSchema = z.object({
  route: z.enum(ROUTES),
  code: z.enum(["refused", "blocked_by_server", "unreachable_server", "invite_blocked", "vain"]),
  /** Rows of earlier releases lack it. */
  who: z.enum(REFUSED_BY).catch("room"),
  /** The server's own words. */
  serverText: z.string().nullable(),
  /** In milliseconds since the epoch; `null` in older rows. */
  at: z.number().nullable().default(null),
  /** The room as it was when the route was chosen; `null` in older rows. */
  facts: accessFactsSchema.nullable().default(null),
});
export type RouteRefusal = z.infer<typeof routeRefusalSchema>;

/** The number of joins without effect after which a route counts as refused. */
const MAX_VAIN_JOINS = 2;
/**
 * How often a day the bot tries a refused route again by itself. A server may show a room
 * differently at every look, and somebody may change the room all the time.
 */
const MAX_REFUSALS_PER_DAY = 3;
const DAY_MS = 24 * 3_600_000;
/** The number of refusals that are kept of each route. Older ones no longer matter. */
const MAX_KEPT = 4;

/**
 * The refusals that still close their routes, because the room has not changed since.
 * @param now in milliseconds since the epoch
 */
export function standingRefusals(
  refusals: readonly RouteRefusal[],
  seen: AccessFacts,
  now: number,
): RouteRefusal[] {
  const standing = refusals.filter((refusal) => stands(refusal, seen, now));
  return standing.filter(
    ({ route, code }) => code !== "vain" || vainJoins(route, standing) >= MAX_VAIN_JOINS,
  );
}

function vainJoins(route: Route, refusals: readonly RouteRefusal[]): number {
  return refusals.filter((refusal) => refusal.route === route && refusal.code === "vain").length;
}

function stands({ route, who, facts, at }: RouteRefusal, seen: AccessFacts, now: number): boolean {
  // The rules of the account's own server do not change with the room.
  if (who === "own_server") return true;
  if (facts === null) return at === null || !haveChangedSince(route, at, seen);
  if (haveChangedFor(route, facts, seen)) return false;
  // An invitation that may be a newer one is accepted again after a day. Nobody sees the request if
  // it is refused.
  const isUnclear = route === "accept_invite" && mayBeSentAgain(facts, seen);
  return !isUnclear || at === null || isWithinDay(at, now);
}

/** Whether a route was refused so often within a day that the bot does not try it again yet. */
export function isTriedEnough(route: Route, refusals: readonly RouteRefusal[], now: number): boolean {
  const lately = refusals.filter((refusal) => refusal.route === route && isWithinDay(refusal.at ?? 0, now));
  return lately.length >= MAX_REFUSALS_PER_DAY;
}

/** The clock may have been set back since. */
function isWithinDay(at: number, now: number): boolean {
  return Math.abs(now - at) < DAY_MS;
}

/** The refusals with a new one, without those that no longer matter. */
export function withRefusal(refusals: readonly RouteRefusal[], added: RouteRefusal): RouteRefusal[] {
  const same = refusals.filter(({ route }) => route === added.route);
  const outdated = new Set(same.slice(0, Math.max(0, same.length + 1 - MAX_KEPT)));
  return [...refusals.filter((refusal) => !outdated.has(refusal)), added];
}

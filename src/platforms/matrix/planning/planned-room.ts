import type { AccessFacts } from "../../../model/access-facts.ts";
import type { PowerLevel } from "../../../model/routes.ts";
import type { Helper, Reason, Route, Status, Warning } from "../../../model/routes.ts";
import type { PowerGrant } from "./power-grant.ts";

/** The plan of one room. */
export interface PlannedRoom {
  roomId: string;
  /**
   * The room's own name, else its alias, else its people; `null` if it has none of these. Not
   * cleaned for display.
   */
  name: string | null;
  alias: string | null;
  isDirect: boolean;
  isSpace: boolean;
  isEncrypted: boolean;
  route: Route;
  /**
   * The route and its alternatives, cheapest first. Every list of routes into a room ends with
   * `ask_moderator`.
   */
  routes: readonly Route[];
  /** The room that opens this one; with the reason `space_unreachable`, the one that would. */
  through: string | null;
  successor: string | null;
  status: Status;
  reason: Reason | null;
  power: { source: PowerLevel; wanted: PowerLevel; target: PowerLevel | null };
  grant: PowerGrant;
  /**
   * The creation of the room. It never changes, and writing levels depends on it. `null` and empty
   * if unknown.
   */
  creation: { roomVersion: string | null; creators: readonly string[] };
  warnings: readonly Warning[];
  helpers: readonly Helper[];
  moreHelpers: number;
  /** Servers to join or knock through. */
  via: readonly string[];
  /**
   * No user of the target's server is known to have joined, so the join counts against the scarcer
   * limit (`rc_joins.remote`).
   */
  isNewToServer: boolean;
  /** No server shows the room, so a join or a knock is tried once. */
  isTry?: boolean;
  /**
   * The two servers show the room differently: the source's does not show the target in it, or has
   * power levels for the target that the target's server does not have.
   */
  differs: { isUnseenBySource: boolean; isPowerUnseenByTarget: boolean };
  /** The facts that decided about the route. A refusal of the route keeps them. */
  facts: AccessFacts;
}

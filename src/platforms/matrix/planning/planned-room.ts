import type { PowerGrant } from "./power-grant.ts";
import type { PowerLevel } from "../../../model/routes.ts";
import type { Helper, Reason, ReasonCode, Route, Status, Warning } from "../../../model/routes.ts";

/** What the plan says of one room. */
export interface PlannedRoom {
  roomId: string;
  /**
   * As the room calls itself or, without a name and alias, by its people; `null` where there is
   * nothing of that. Not cleaned for display.
   */
  name: string | null;
  alias: string | null;
  isDirect: boolean;
  isSpace: boolean;
  isEncrypted: boolean;
  route: Route;
  /**
   * The route and what is tried when it fails, cheapest first; `ask_moderator` ends every list of
   * ways in.
   */
  routes: readonly Route[];
  /** The room that opens this one; for `space_unreachable` the one that would. */
  through: string | null;
  successor: string | null;
  status: Status;
  reason: Reason | null;
  power: { source: PowerLevel; wanted: PowerLevel; target: PowerLevel | null };
  grant: PowerGrant;
  /**
   * What writing levels must know of how the room was made, which never changes; `null` and empty
   * where it was not told.
   */
  creation: { roomVersion: string | null; creators: readonly string[] };
  warnings: readonly Warning[];
  helpers: readonly Helper[];
  moreHelpers: number;
  /** Servers to join or knock through. */
  via: readonly string[];
  /**
   * Nobody of the target's server is known to be inside, so joining takes the scarcer kind of join.
   */
  isNewToServer: boolean;
}

/** A way that was tried and refused, so that the next one is planned. */
export interface RouteRefusal {
  route: Route;
  code: Extract<ReasonCode, "refused" | "blocked_by_server" | "unreachable_server" | "invite_blocked">;
  /** The server's own words. */
  serverText: string | null;
}

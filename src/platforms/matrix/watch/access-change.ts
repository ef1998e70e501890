import type { AccessChange } from "../../../model/room-routes.ts";
import type { Route } from "../../../model/routes.ts";
import { serverPartOf } from "../ids/server-host.ts";
import { allowedRooms, joinRuleOf } from "../rooms/join-rule.ts";
import { isServerAllowed } from "../rooms/server-acl.ts";
import type { StateRead } from "../rooms/state-read.ts";
import type { JoinRules, Membership, ServerAcl } from "../rooms/types.ts";

/** A room that waits for a person. */
export interface WatchedRoom {
  readonly roomId: string;
  /** The source is joined, so its server knows who is let in. */
  readonly isSourceJoined: boolean;
  /** The target was banned at the last look. */
  readonly isBanned: boolean;
  /** Routes that were tried and refused. An open route among them is not a change. */
  readonly refused: readonly Route[];
}

/** The state of one room at one look. */
export interface SeenRoom {
  /** The target's membership; `null`: none, or unknown. */
  readonly membership: Membership | null;
  readonly joinRules: StateRead<JoinRules>;
  readonly serverAcl: StateRead<ServerAcl>;
}

/** Facts that decide about a change, besides the room. */
export interface ChangeContext {
  readonly targetUserId: string;
  /** Whether the target has joined a room. */
  readonly isJoined: (roomId: string) => boolean;
}

/** The change in a room since the last look; `null` if it still waits. */
export function accessChange(room: WatchedRoom, seen: SeenRoom, context: ChangeContext): AccessChange | null {
  if (seen.membership === "join") return { kind: "joined" };
  if (seen.membership === "ban") return room.isBanned ? null : { kind: "banned" };
  const open = openRoute(seen, context);
  if (open !== null && !room.refused.includes(open.route)) return open;
  return room.isBanned && seen.membership !== null ? { kind: "unbanned" } : null;
}

/** The cheapest open route, as in a plan: an invitation first. */
function openRoute(
  seen: SeenRoom,
  { targetUserId, isJoined }: ChangeContext,
): Extract<AccessChange, { kind: "open" }> | null {
  if (!isServerAllowed(seen.serverAcl, serverPartOf(targetUserId))) return null;
  if (seen.membership === "invite") return { kind: "open", route: "accept_invite", through: null };
  // The room's version is not read. If it does not support the rule, the join is refused.
  const rule = joinRuleOf(seen.joinRules, "unread");
  if (rule.kind === "public") return { kind: "open", route: "join", through: null };
  const through = allowedRooms(rule).find((roomId) => isJoined(roomId));
  return through === undefined ? null : { kind: "open", route: "join_restricted", through };
}

import { allowedRooms, joinRuleOf } from "../rooms/join-rule.ts";
import type { JoinRules, Membership, ServerAcl } from "../rooms/types.ts";
import type { Route } from "../../../model/routes.ts";
import { isServerAllowed } from "../rooms/server-acl.ts";
import type { StateRead } from "../rooms/state-read.ts";
import { serverPartOf } from "../ids/server-host.ts";

/** A room that waits for a person. */
export interface WatchedRoom {
  readonly roomId: string;
  /** The source has joined it, and so its server knows who is let in. */
  readonly isSourceInside: boolean;
  /** The target was banned when this was last looked at. */
  readonly isBanned: boolean;
  /** Ways that were tried and refused: that they stand open is no news. */
  readonly refused: readonly Route[];
}

/** What a look showed of one room. */
export interface SeenRoom {
  /** Of the target; `null`: none, or not told. */
  readonly membership: Membership | null;
  readonly joinRules: StateRead<JoinRules>;
  readonly serverAcl: StateRead<ServerAcl>;
}

/** What has changed in a room that waits. */
export type AccessChange =
  | { readonly kind: "joined" }
  /** The target can get in by itself now. `through`: the room that opens a restricted one. */
  | { readonly kind: "open"; readonly route: "accept_invite" | "join"; readonly through: null }
  | { readonly kind: "open"; readonly route: "join_restricted"; readonly through: string }
  | { readonly kind: "banned" }
  /** No longer banned, and nothing more: how the room is reached has to be planned again. */
  | { readonly kind: "unbanned" };

export interface SignContext {
  readonly targetUserId: string;
  /** Whether the target is in a room now. */
  readonly isInside: (roomId: string) => boolean;
}

/** The sign that a room gives, or `null` when it goes on waiting. */
export function arrivalSign(room: WatchedRoom, seen: SeenRoom, context: SignContext): AccessChange | null {
  if (seen.membership === "join") return { kind: "joined" };
  if (seen.membership === "ban") return room.isBanned ? null : { kind: "banned" };
  const open = openWay(seen, context);
  if (open !== null && !room.refused.includes(open.route)) return open;
  return room.isBanned && seen.membership !== null ? { kind: "unbanned" } : null;
}

/** The cheapest way that is open, as in a plan: an invitation first. */
function openWay(
  seen: SeenRoom,
  { targetUserId, isInside }: SignContext,
): Extract<AccessChange, { kind: "open" }> | null {
  if (!isServerAllowed(seen.serverAcl, serverPartOf(targetUserId))) return null;
  if (seen.membership === "invite") return { kind: "open", route: "accept_invite", through: null };
  // The room's version is not asked for: where it does not have the rule, the join is refused.
  const rule = joinRuleOf(seen.joinRules, "unread");
  if (rule.kind === "public") return { kind: "open", route: "join", through: null };
  const through = allowedRooms(rule).find((roomId) => isInside(roomId));
  return through === undefined ? null : { kind: "open", route: "join_restricted", through };
}

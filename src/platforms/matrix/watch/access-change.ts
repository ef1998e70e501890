import type { AccessFacts } from "../../../model/access-facts.ts";
import { haveChangedFor } from "../../../model/access-facts.ts";
import type { AccessChange, OpenedRoute } from "../../../model/room-routes.ts";
import type { RouteRefusal } from "../../../model/route-refusals.ts";
import { isTriedEnough, standingRefusals } from "../../../model/route-refusals.ts";
import type { Reason } from "../../../model/routes.ts";
import { serverPartOf } from "../ids/server-host.ts";
import { accessFacts } from "../planning/access-facts.ts";
import type { RoomView } from "../planning/room-view.ts";
import { allowedRooms } from "../rooms/join-rule.ts";
import { isServerAllowed } from "../rooms/server-acl.ts";

/** A room that waits for a person. */
export interface WatchedRoom {
  readonly roomId: string;
  /** The source is joined, so its server knows who is let in. */
  readonly isSourceJoined: boolean;
  /** The server that did not show the room's state; `null` if the state is known. */
  readonly unreadableOn: string | null;
  /** Why the room waits; `null` if it is not known. */
  readonly reason: Reason["code"] | null;
  /** A person removed the target from the room. Only an invitation opens it again. */
  readonly wasRemoved: boolean;
  /** The target has knocked, and no answer is known. */
  readonly hasKnocked: boolean;
  /** The facts of the room when its route was decided; `null` in older rows. */
  readonly facts: AccessFacts | null;
  /** Routes that were tried and refused in the present session. */
  readonly refusals: readonly RouteRefusal[];
}

/** Facts that decide about a change, besides the room. */
export interface ChangeContext {
  readonly sourceUserId: string;
  readonly targetUserId: string;
  /** False: nobody has signed in the source, which would show who has declined a knock. */
  readonly isSourceAsked: boolean;
  /** Whether the target has joined a room. */
  readonly isJoined: (roomId: string) => boolean;
  /** In milliseconds since the epoch. */
  readonly now: number;
}

/** The change in a room since its route was decided; `null` if it still waits. */
export function accessChange(room: WatchedRoom, seen: RoomView, context: ChangeContext): AccessChange | null {
  // The target's own server may not show the join yet. The next reading of both accounts finds out.
  if (seen.targetMembership === "join" || seen.isTargetInState) return { kind: "joined" };
  if (seen.targetMembership === "ban") return room.reason === "target_banned" ? null : { kind: "banned" };
  const facts = accessFacts(seen, context.sourceUserId);
  const open = openRoutes(seen, context).find(({ route }) => isUntried(room, route, facts, context));
  if (open !== undefined) return { kind: "open", ...open, facts };
  if (room.reason === "target_banned" && seen.targetMembership !== null) return { kind: "unbanned" };
  if (isAclLifted(room, seen, context)) return { kind: "acl_lifted" };
  if (!isDeclined(room, seen, facts, context)) return null;
  // A reading of the target does not show the membership again, so it is no fact of the refusal.
  return context.isSourceAsked
    ? { kind: "knock_declined" }
    : { kind: "knock_ended", facts: { ...facts, member: null } };
}

/** The open routes that need no help from people, cheapest first, as in a plan. */
function openRoutes(seen: RoomView, context: ChangeContext): OpenedRoute[] {
  if (!isAllowed(seen, context)) return [];
  const open: OpenedRoute[] = [];
  if (seen.targetMembership === "invite") open.push({ route: "accept_invite", through: null });
  // The room's version is not read. If it does not support the rule, the join is refused.
  if (seen.joinRule.kind === "public") open.push({ route: "join", through: null });
  const through = allowedRooms(seen.joinRule).find((roomId) => context.isJoined(roomId));
  if (through !== undefined) open.push({ route: "join_restricted", through });
  return open;
}

function isUntried(
  { wasRemoved, refusals }: WatchedRoom,
  route: OpenedRoute["route"],
  facts: AccessFacts,
  { now }: ChangeContext,
): boolean {
  if (wasRemoved && route !== "accept_invite") return false;
  const isRefused = standingRefusals(refusals, facts, now).some((refusal) => refusal.route === route);
  return !isRefused && !isTriedEnough(route, refusals, now);
}

/** Whether the room's ACL no longer denies the server for which the room waits. */
function isAclLifted(
  { reason }: WatchedRoom,
  seen: RoomView,
  { sourceUserId, targetUserId }: ChangeContext,
): boolean {
  const userId =
    reason === "server_acl" ? targetUserId : reason === "source_server_acl" ? sourceUserId : null;
  // Only the source's server shows the ACL. A room without one allows every server.
  if (userId === null || seen.sourceMembership !== "join") return false;
  return isServerAllowed(seen.room.serverAcl, serverPartOf(userId));
}

function isAllowed({ room }: RoomView, { targetUserId }: ChangeContext): boolean {
  return isServerAllowed(room.serverAcl, serverPartOf(targetUserId));
}

/**
 * A member event that is not known to be the target's own has ended the knock since the route was
 * decided.
 */
function isDeclined(
  { hasKnocked, facts: known }: WatchedRoom,
  { targetMembership, targetMember }: RoomView,
  facts: AccessFacts,
  { targetUserId }: ChangeContext,
): boolean {
  if (!hasKnocked || targetMembership !== "leave" || targetMember?.sender === targetUserId) return false;
  return known === null || haveChangedFor("knock", known, facts);
}

import type { PlanContext } from "./plan-context.ts";
import type { PlannedRoom } from "./planned-room.ts";
import type { Verdict, VerdictContext } from "./verdict.ts";
import { verdictOn } from "./verdict.ts";

/**
 * Whether a room may still need an invitation of the target: one that has a route, or one that this
 * plan leaves out.
 */
export function needsInvitations(
  rooms: readonly PlannedRoom[],
  context: PlanContext,
  verdicts: ReadonlyMap<string, Verdict>,
  verdictContext: VerdictContext,
): boolean {
  return rooms.some(mayNeedInvitation) || mayUndecidedNeedInvitation(context, verdicts, verdictContext);
}

/** A room that waits for a person, or that the target enters by an invitation still to be sent. */
function mayNeedInvitation({ status, route }: PlannedRoom): boolean {
  if (status === "needs_moderator" || status === "needs_you") return true;
  return status === "planned" && (route === "invite" || route === "knock");
}

/**
 * The same for rooms without a route, because this plan leaves them out. A later plan may move
 * them.
 */
function mayUndecidedNeedInvitation(
  context: PlanContext,
  verdicts: ReadonlyMap<string, Verdict>,
  verdictContext: VerdictContext,
): boolean {
  for (const [roomId, view] of context.views) {
    if (verdicts.has(roomId) || context.replacements.has(roomId) || context.withBot.has(roomId)) continue;
    const verdict = verdictOn(view, verdictContext);
    if (verdict.kind === "person" || verdict.kind === "inviter") return true;
    if (verdict.kind === "open" && !verdict.canJoin && !verdict.isInvited) return true;
  }
  return false;
}

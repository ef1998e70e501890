import type { PlanContext } from "./plan-context.ts";
import type { PlannedRoom } from "./planned-room.ts";
import type { Verdict, VerdictContext } from "./verdict.ts";
import { verdictOn } from "./verdict.ts";

/**
 * Whether a room may still need an invitation of the target, also one that this plan leaves out.
 */
export function needsInvitations(
  rooms: readonly PlannedRoom[],
  context: PlanContext,
  verdicts: ReadonlyMap<string, Verdict>,
  verdictContext: VerdictContext,
): boolean {
  return rooms.some(mayNeedInvitation) || mayUndecidedNeedInvitation(context, verdicts, verdictContext);
}

/**
 * Whether the target has yet to join the room. A room that it joins by itself counts too, because
 * the join may be refused, and then a person must invite it.
 */
function mayNeedInvitation({ status }: PlannedRoom): boolean {
  return status !== "done" && status !== "skipped";
}

const NEEDS_PEOPLE: ReadonlySet<Verdict["kind"]> = new Set<Verdict["kind"]>([
  "person",
  "inviter",
  "removed",
  "unreadable",
]);

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
    if (NEEDS_PEOPLE.has(verdict.kind)) return true;
    if (verdict.kind === "open" && !verdict.canJoin && !verdict.isInvited) return true;
  }
  return false;
}

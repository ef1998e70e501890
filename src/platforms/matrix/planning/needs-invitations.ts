import type { PlanContext } from "./plan-context.ts";
import type { PlannedRoom } from "./planned-room.ts";
import type { Verdict, VerdictContext } from "./verdict.ts";
import { verdictOn } from "./verdict.ts";

/**
 * The IDs of rooms that may still need an invitation of the target, also those that this plan
 * leaves out.
 */
export function needInvitations(
  rooms: readonly PlannedRoom[],
  context: PlanContext,
  verdicts: ReadonlyMap<string, Verdict>,
  verdictContext: VerdictContext,
): Set<string> {
  return new Set([
    ...rooms.filter(mayNeedInvitation).map(({ roomId }) => roomId),
    ...undecidedRooms(context, verdicts, verdictContext),
  ]);
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
 * Those of the rooms without a route, because this plan leaves them out. A later plan may move
 * them.
 */
function undecidedRooms(
  context: PlanContext,
  verdicts: ReadonlyMap<string, Verdict>,
  verdictContext: VerdictContext,
): string[] {
  const undecided = [...context.views].filter(
    ([roomId]) => !verdicts.has(roomId) && !context.replacements.has(roomId) && !context.withBot.has(roomId),
  );
  const needing = undecided.filter(([, view]) => {
    const verdict = verdictOn(view, verdictContext);
    const isShut = verdict.kind === "open" && !verdict.canJoin && !verdict.isInvited;
    return isShut || NEEDS_PEOPLE.has(verdict.kind);
  });
  return needing.map(([roomId]) => roomId);
}

import type { CategoryName } from "../../../model/categories.ts";
import type { RunRoom } from "../../../model/run-room.ts";
import type { StoredStep } from "../../../model/run.ts";
import type { StepKind } from "../../../model/step.ts";
import type { RunSummary, StepFailure } from "../../runs.ts";
import { categoryOfStep } from "../categories/registry.ts";
import { questionOf } from "../contact/ask/steps.ts";
import { chatDeed } from "../contact/chats/new-chats.ts";
import { nameDeed, toldRoom, toldRooms } from "../contact/telling-deeds.ts";
import { mentionRuleSchema } from "../finish/mention-rule.ts";
import { leavingSummary } from "../leave/summary.ts";

const JOINS: ReadonlySet<StepKind> = new Set<StepKind>([
  "accept_invite",
  "join",
  "join_restricted",
  "join_invited",
]);

/** The numbers of what the steps of a run have done. */
export function summaryOf(steps: readonly StoredStep[], rooms: readonly RunRoom[]): RunSummary {
  const done = steps.filter(({ state, outcome }) => state === "done" && outcome?.status === "done");
  const written = new Map<CategoryName, number>();
  for (const { kind } of done) {
    const category = categoryOfStep(kind);
    // The target's own names in rooms are only written back.
    if (category === null || category === "rooms" || kind === "kept_room_profile") continue;
    written.set(category, (written.get(category) ?? 0) + 1);
  }
  const invited = new Set(done.filter(({ kind }) => kind === "invite").map(({ roomId }) => roomId));
  return {
    invitations: invited.size,
    joins: done.filter(({ kind }) => JOINS.has(kind)).length,
    knocks: steps.filter(({ kind, outcome }) => kind === "knock" && outcome?.status === "needs_moderator")
      .length,
    written: [...written].map(([category, count]) => ({ category, count })),
    openInvitations: rooms
      .filter((room) => invited.has(room.roomId) && !room.isJoined)
      .map((room) => room.planned.row),
    leaving: leavingSummary(steps),
    questions: steps.flatMap((step) => questionOf(step) ?? []),
    chats: steps.flatMap((step) => chatDeed(step) ?? []),
    told: toldRooms(steps),
    names: steps.flatMap((step) => nameDeed(step) ?? []),
    ...mentionsOf(steps),
  };
}

/** A rule that was as wanted already counts as well: it is what the person asked for. */
function mentionsOf(steps: readonly StoredStep[]): Pick<RunSummary, "mentions"> {
  const last = steps.findLast(({ kind, state }) => kind === "mention_rule" && state === "done");
  const { data } = mentionRuleSchema.safeParse(last?.payload);
  return data === undefined ? {} : { mentions: data.isOff ? "off" : "on" };
}

/** The failures that no other part of the end names. */
export function failuresOf(steps: readonly StoredStep[], hasReport: boolean): StepFailure[] {
  return steps.flatMap((step) => {
    const { kind, key, roomId, state, outcome } = step;
    if (questionOf(step) !== null) return [];
    if (chatDeed(step) !== null || toldRoom(step) !== null || nameDeed(step) !== null) return [];
    if (state !== "failed" || outcome?.status !== "failed") return [];
    if (hasReport && categoryOfStep(kind) === "rooms") return [];
    if (kind === "leave_room" || kind === "drop_power") return [];
    return [{ item: kind === "undo" ? (roomId ?? key) : key, problem: outcome.problem }];
  });
}

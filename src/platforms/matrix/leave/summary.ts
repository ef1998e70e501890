import type { StoredStep } from "../../../model/run.ts";
import type { LeavingSummary } from "../../runs.ts";
import { leavingPayload } from "./payload.ts";

/**
 * The rooms that the steps of a run have left, and those in which the source stayed. A room that
 * the person has left meanwhile counts as left. A step that was never tried counts as neither.
 */
export function leavingSummary(steps: readonly StoredStep[]): LeavingSummary {
  const byKey = new Map(steps.map((step) => [step.key, step]));
  const summary = { left: 0, stayed: [] as LeavingSummary["stayed"][number][] };
  for (const step of steps) {
    if (step.kind !== "leave_room") continue;
    if (step.state === "done") summary.left += 1;
    // A room is not left if giving power back failed for good.
    const { outcome } = step.state === "dropped" ? (byKey.get(step.after ?? "") ?? step) : step;
    const { data } = leavingPayload.safeParse(step.payload);
    if (outcome?.status !== "failed" || data === undefined) continue;
    const { roomId, name, alias } = data;
    summary.stayed.push({ room: { roomId, name, alias }, problem: outcome.problem });
  }
  return summary;
}

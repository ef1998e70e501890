import type { Planning } from "../plan/planning.ts";
import type { VerifyRequest } from "./requests.ts";
import type { VerifyResult } from "./results.ts";

/** Reads both accounts again and compares them, with the filters of the last plan. */
export async function verifyMove(
  owner: string,
  { onProgress, botRoomIds }: VerifyRequest,
  planning: Pick<Planning, "last" | "decide">,
): Promise<VerifyResult> {
  const plan = await planning.last(owner);
  if (plan === null) return { status: "no_plan" };
  const { filters } = plan.request;
  const move = await planning.decide({ owner, filters, botRoomIds, onProgress });
  if ("status" in move) return move;
  const { report, moreHelpers, notMoved, unseen } = move.decision.plan;
  return { status: "verified", report, moreHelpers, categories: report.categories, notMoved, unseen };
}

import type { Planning } from "../plan/planning.ts";
import type { Kept } from "./kept-request.ts";
import type { KeptRequests } from "./kept-requests.ts";
import type { StartRequest } from "./requests.ts";
import type { VerifyResult } from "./results.ts";

export interface MoveVerifierOptions {
  planning: Pick<Planning, "last" | "decide" | "withAsked">;
  kept: Pick<KeptRequests, "keepIfPassing">;
}

/** Compares the accounts of people, now or when their servers answer. */
export class MoveVerifier {
  readonly #options: MoveVerifierOptions;

  constructor(options: MoveVerifierOptions) {
    this.#options = options;
  }

  /** @param retried the kept request that is tried again */
  async verify(request: StartRequest, retried: Kept | null = null): Promise<VerifyResult> {
    const { planning, kept } = this.#options;
    const { owner, address, botRoomIds } = request;
    return kept.keepIfPassing(
      { owner, address, retried, request: () => ({ kind: "verify", botRoomIds: [...botRoomIds] }) },
      await verifyMove(owner, request, planning),
    );
  }
}

/** Reads both accounts again and compares them, with the filters of the last plan. */
export async function verifyMove(
  owner: string,
  { onProgress, botRoomIds }: Pick<StartRequest, "botRoomIds" | "onProgress">,
  planning: Pick<Planning, "last" | "decide" | "withAsked">,
): Promise<VerifyResult> {
  const plan = await planning.last(owner);
  if (plan === null) return { status: "no_plan" };
  const { filters } = plan.request;
  const move = await planning.decide({ owner, filters, botRoomIds, onProgress });
  if ("status" in move) return move;
  const { moreHelpers, notMoved, unseen } = move.decision.plan;
  const report = await planning.withAsked(owner, move.decision.plan.report);
  return { status: "verified", report, moreHelpers, categories: report.categories, notMoved, unseen };
}

import type { Run } from "../model/run.ts";
import { stages } from "../model/step.ts";
import type { Runs } from "../store/runs.ts";
import type { Steps } from "../store/steps.ts";
import { heldLanes } from "./held-lanes.ts";

/**
 * What follows for a run when none of its steps is under way.
 * - `waits`: steps of its stage are left.
 * - `next`: its next stage has begun.
 * - `needs_owner`: only steps are left that an account may not do until its owner acts.
 * - `finished`: nothing is left.
 */
export type AfterSteps =
  { readonly kind: "waits" | "finished" } | { readonly kind: "next" | "needs_owner"; readonly run: Run };

/**
 * Begins the next stage if no step of this stage is left that can run. Steps that only add to a
 * room whose servers do not answer delay no later stage.
 * @param isWaiting whether a step of this stage has a time at which it is tried
 */
export async function nextStage(
  run: Run,
  isWaiting: boolean,
  { runs, steps }: { runs: Pick<Runs, "apply" | "change">; steps: Pick<Steps, "hasOpen"> },
): Promise<AfterSteps> {
  const isLast = run.stage >= stages.last;
  if (isWaiting && isLast) return { kind: "waits" };
  const exceptLanes = heldLanes(run);
  if (await steps.hasOpen(run.id, run.stage, { exceptLanes, exceptRoomContent: !isLast }))
    return { kind: "waits" };
  if (!isLast) {
    const stage = run.stage + 1;
    await runs.change(run.id, { stage }, run.epoch);
    return { kind: "next", run: { ...run, stage } };
  }
  if (exceptLanes.length === 0 || !(await steps.hasOpen(run.id, run.stage))) return { kind: "finished" };
  return { kind: "needs_owner", run: (await runs.apply(run.id, "needs_owner", {}, run.epoch)) ?? run };
}

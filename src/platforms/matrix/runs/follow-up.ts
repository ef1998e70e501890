import { z } from "zod";
import type { StepOutcome } from "../../../model/step-outcome.ts";
import type { PlannedStep } from "../../../model/step.ts";
import { STEP_KINDS } from "../../../model/step.ts";
import type { FollowUp } from "../../runs.ts";
import { contactSteps, isContactStep } from "../contact/registry.ts";

/** The schema of an undo step's payload. */
export const undoSchema = z.object({ kind: z.enum(STEP_KINDS), undo: z.unknown() });

const NOTHING: FollowUp = { contact: [], steps: [] };

/** What follows from the final outcome of a step, besides what becomes of its room. */
export function followUp(
  step: Pick<PlannedStep, "kind" | "side" | "payload">,
  outcome: StepOutcome,
): FollowUp {
  return (isContactStep(step.kind) ? contactSteps[step.kind].followUp?.(step, outcome) : null) ?? NOTHING;
}

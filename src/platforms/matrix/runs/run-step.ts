import type { StepOutcome } from "../../../model/step-outcome.ts";
import type { PlannedStep, StepKind } from "../../../model/step.ts";
import { keptRoomStep } from "../categories/kept-room-profiles/step.ts";
import { categories, isContentStep } from "../categories/registry.ts";
import { contactSteps, isContactStep } from "../contact/registry.ts";
import type { Step } from "../steps/define-step.ts";
import { roomSteps } from "../steps/registry.ts";
import type { StepContext } from "../steps/step-context.ts";
import { resolveUnanswered } from "../steps/unanswered.ts";
import { undoSchema } from "./follow-up.ts";

/** Runs one step, or undoes one. */
export async function runStep(
  step: Pick<PlannedStep, "kind" | "payload" | "side" | "roomId">,
  context: StepContext,
): Promise<StepOutcome> {
  return await resolveUnanswered(await tried(step, context), step, context.client, context.signal);
}

async function tried(
  { kind, payload }: Pick<PlannedStep, "kind" | "payload">,
  context: StepContext,
): Promise<StepOutcome> {
  if (kind !== "undo") return await stepOf(kind).run(payload, context);
  const { kind: undone, undo } = undoSchema.parse(payload);
  const undoStep = undone === "undo" ? null : stepOf(undone).undo;
  return undoStep === null ? { status: "already_done" } : await undoStep(undo, context);
}

/** Whether steps of a kind can be undone. */
export function canUndo(kind: StepKind): boolean {
  return kind !== "undo" && stepOf(kind).undo !== null;
}

function stepOf(kind: Exclude<StepKind, "undo">): Step {
  if (kind === "kept_room_profile") return keptRoomStep;
  if (isContactStep(kind)) return contactSteps[kind].step;
  return isContentStep(kind) ? categories[kind].step : roomSteps[kind];
}

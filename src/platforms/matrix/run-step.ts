import { z } from "zod";
import type { StepOutcome } from "../../model/step-outcome.ts";
import type { PlannedStep, StepKind } from "../../model/step.ts";
import { STEP_KINDS } from "../../model/step.ts";
import { contentSteps } from "./categories/content-steps.ts";
import { roomSteps } from "./steps/room-steps.ts";
import type { StepContext, StepFunction, UndoFunction } from "./steps/step-context.ts";

const steps: Readonly<Record<Exclude<StepKind, "undo">, { run: StepFunction; undo: UndoFunction | null }>> = {
  ...contentSteps,
  ...roomSteps,
};

const undoSchema = z.object({ kind: z.enum(STEP_KINDS), undo: z.unknown() });

/** Runs one step, or undoes one. */
export async function runStep(
  { kind, payload }: Pick<PlannedStep, "kind" | "payload">,
  context: StepContext,
): Promise<StepOutcome> {
  if (kind !== "undo") return steps[kind].run(payload, context);
  const { kind: of, undo } = undoSchema.parse(payload);
  const withdraw = of === "undo" ? null : steps[of].undo;
  return withdraw === null ? { status: "already_done" } : withdraw(undo, context);
}

/** Whether steps of a kind can be undone. */
export function canUndo(kind: StepKind): boolean {
  return kind !== "undo" && steps[kind].undo !== null;
}

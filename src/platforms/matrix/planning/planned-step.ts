import type { PlannedStep } from "../../../model/step.ts";
import { stages } from "../../../model/step.ts";

type Given = "key" | "kind" | "side" | "limits" | "payload";
type Usual = "stage" | "needsRoom" | "after" | "roomId";

/**
 * A step of this platform. Where nothing else is said it is among those on rooms, waits for
 * nothing, and changes no room of the plan.
 */
export function plannedStep(step: Pick<PlannedStep, Given> & Partial<Pick<PlannedStep, Usual>>): PlannedStep {
  const usual = { stage: stages.rooms, needsRoom: null, after: null, roomId: null };
  return { platform: "matrix", ...usual, ...step };
}

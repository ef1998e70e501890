import { stages } from "../../../../model/step.ts";
import type { PlannedStep } from "../../../../model/step.ts";
import { plannedContentStep } from "../content-step.ts";
import type { DirectChatsPayload } from "./step.ts";
import type { DirectChat } from "./desired.ts";

/**
 * One step for all, since they stand in one piece of account data; it takes those whose rooms the
 * target is in by then.
 */
export function planDirectChatsSteps(missing: readonly DirectChat[]): PlannedStep[] {
  if (missing.length === 0) return [];
  const payload: DirectChatsPayload = {
    chats: missing.map(({ roomId, counterpart }) => ({ roomId, counterpart })),
  };
  return [plannedContentStep({ key: "direct_chats", kind: "direct_chats", stage: stages.settings, payload })];
}

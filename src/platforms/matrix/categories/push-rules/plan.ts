import { stages } from "../../../../model/step.ts";
import type { PlannedStep } from "../../../../model/step.ts";
import { plannedContentStep } from "../content-step.ts";
import { toStored } from "./stored-rules.ts";
import type { PushRulesPayload } from "./stored-rules.ts";
import type { PushRuleComparison } from "./compare.ts";

/** One step for all: their order counts, and each finds its place by those written before it. */
export function planPushRulesSteps({ missingItems, displaced, order }: PushRuleComparison): PlannedStep[] {
  if (missingItems.length === 0) return [];
  const payload: PushRulesPayload = {
    missing: missingItems.map(toStored),
    displaced: [...displaced],
    order: [...order],
  };
  return [plannedContentStep({ key: "push_rules", kind: "push_rules", stage: stages.settings, payload })];
}

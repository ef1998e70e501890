import { stages } from "../../../../model/step.ts";
import type { PlannedStep } from "../../../../model/step.ts";
import { plannedContentStep } from "../content-step.ts";
import type { ContentPayload } from "./step.ts";
import type { DesiredAccountData } from "./desired.ts";

/**
 * They would keep the old account's invitations out, so they come when those are through
 * (protocol-facts.md section 5).
 */
const LAST: ReadonlySet<string> = new Set([
  "m.invite_permission_config",
  "org.matrix.msc4155.invite_permission_config",
]);

export function planAccountDataSteps(missing: readonly DesiredAccountData[]): PlannedStep[] {
  return missing.map(({ type, content, isMerged }) =>
    plannedContentStep({
      key: `account_data:${type}`,
      kind: "account_data",
      stage: LAST.has(type) ? stages.last : stages.settings,
      payload: { roomId: null, type, content, isMerged } satisfies ContentPayload,
    }),
  );
}

import { stages } from "../../../../model/step.ts";
import type { PlannedStep } from "../../../../model/step.ts";
import { plannedContentStep } from "../content-step.ts";
import type { IgnoredUsersPayload } from "./step.ts";

/** Last of all: servers hide invitations from people who are ignored. */
export function planIgnoredUsersSteps(missing: readonly string[]): PlannedStep[] {
  if (missing.length === 0) return [];
  const payload: IgnoredUsersPayload = { userIds: [...missing] };
  return [plannedContentStep({ key: "ignored_users", kind: "ignored_users", stage: stages.last, payload })];
}

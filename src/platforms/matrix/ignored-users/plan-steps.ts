import { stages } from "../../../migration/step.ts";
import type { PlannedStep } from "../../../migration/step.ts";
import { plannedContentStep } from "../planned-content-step.ts";
import type { IgnoredUsersPayload } from "./ignored-users-step.ts";

/** Last of all: servers hide invitations from people who are ignored. */
export function planIgnoredUsersSteps(missing: readonly string[]): PlannedStep[] {
  if (missing.length === 0) return [];
  const payload: IgnoredUsersPayload = { userIds: [...missing] };
  return [plannedContentStep({ key: "ignored_users", kind: "ignored_users", stage: stages.last, payload })];
}

import type { StepScope } from "../../steps/define-step.ts";
import { membershipSeenBySource } from "../../steps/target-membership.ts";
import type { ContactPurpose } from "../payloads.ts";

/**
 * Whether a question is still needed. It may wait for a day, and somebody may have let the target
 * into all of its rooms meanwhile.
 * @throws HomeserverError, UnreachableError
 */
export async function isStillNeeded(
  purpose: ContactPurpose,
  scope: Pick<StepScope<unknown>, "canSkipCheck" | "source" | "target">,
): Promise<boolean> {
  if (purpose.kind !== "ask" || scope.canSkipCheck) return true;
  for (const roomId of purpose.roomIds) {
    const membership = await membershipSeenBySource(roomId, scope);
    if (membership !== "join" && membership !== "invite") return true;
  }
  return false;
}

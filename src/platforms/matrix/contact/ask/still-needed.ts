import { membershipNow } from "../../reading/state-now.ts";
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
  scope: Pick<StepScope<unknown>, "canSkipCheck" | "own" | "source" | "target">,
): Promise<boolean> {
  if (purpose.kind !== "ask" || scope.canSkipCheck) return true;
  const { own, target } = scope;
  for (const roomId of purpose.roomIds) {
    const membership =
      own.userId === target.userId
        ? await membershipNow(target, { roomId, userId: target.userId })
        : await membershipSeenBySource(roomId, scope);
    if (membership !== "join" && membership !== "invite") return true;
  }
  return false;
}

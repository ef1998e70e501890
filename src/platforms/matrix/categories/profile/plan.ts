import { stages } from "../../../../model/step.ts";
import type { PlannedStep } from "../../../../model/step.ts";
import { plannedContentStep } from "../content-step.ts";
import type { Profile } from "../../reading/account-reading.ts";
import type { ProfileFieldPayload } from "./step.ts";
import type { ProfileField } from "./desired.ts";

/**
 * @param profile the target's: what stands there now was nobody's choice, and comes back with an
 * undo
 */
export function planProfileSteps(missing: readonly ProfileField[], profile: Profile): PlannedStep[] {
  return missing.map(({ key, value }) => {
    // Only a name can stand there and yet be missing: that which the server gave.
    const payload: ProfileFieldPayload = {
      key,
      value,
      before: key === "displayname" ? profile.displayName : null,
    };
    const limits = ["messages"] as const;
    return plannedContentStep({
      key: `profile:${key}`,
      kind: "profile_field",
      stage: stages.profile,
      limits,
      payload,
    });
  });
}

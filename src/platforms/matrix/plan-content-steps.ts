import type { PlannedStep } from "../../migration/step.ts";
import { planAccountDataSteps } from "./account-data/plan-steps.ts";
import { compareCategories } from "./categories.ts";
import type { AccountContents } from "./contents.ts";
import { planDirectChatsSteps } from "./direct-chats/plan-steps.ts";
import { planIgnoredUsersSteps } from "./ignored-users/plan-steps.ts";
import { planProfileSteps } from "./profile/plan-steps.ts";
import { planPushRulesSteps } from "./push-rules/plan-steps.ts";
import { planReadMarkerSteps } from "./read-markers/plan-steps.ts";
import { planRoomProfileSteps } from "./room-profiles/plan-steps.ts";
import { planRoomSettingSteps } from "./room-settings/plan-steps.ts";
import type { RoomIdOnTarget } from "./room-mapping.ts";
import { planTagsSteps } from "./tags/plan-steps.ts";

/**
 * Steps for exactly what `compareContents` calls missing, from the same comparison; once they are
 * done, planning again makes none.
 */
export function planContentSteps(
  source: AccountContents,
  target: AccountContents,
  roomIdOnTarget: RoomIdOnTarget,
): PlannedStep[] {
  const compared = compareCategories(source, target, roomIdOnTarget);
  return [
    ...planProfileSteps(compared.profile.missingItems, target.profile),
    ...planTagsSteps(compared.tags.missingItems),
    ...planRoomSettingSteps(compared.roomSettings.missingItems),
    ...planRoomProfileSteps(compared.roomProfiles.missingItems, target),
    ...planReadMarkerSteps(compared.readMarkers.missingItems),
    ...planDirectChatsSteps(compared.directChats.missingItems),
    ...planAccountDataSteps(compared.accountData.missingItems),
    ...planPushRulesSteps(compared.pushRules),
    ...planIgnoredUsersSteps(compared.ignoredUsers.missingItems),
  ];
}

import type { PlannedStep } from "../../../model/step.ts";
import { planAccountDataSteps } from "./account-data/plan.ts";
import { compareCategories } from "./registry.ts";
import type { AccountContents } from "./contents.ts";
import { planDirectChatsSteps } from "./direct-chats/plan.ts";
import { planIgnoredUsersSteps } from "./ignored-users/plan.ts";
import { planProfileSteps } from "./profile/plan.ts";
import { planPushRulesSteps } from "./push-rules/plan.ts";
import { planReadMarkerSteps } from "./read-markers/plan.ts";
import { planRoomProfileSteps } from "./room-profiles/plan.ts";
import { planRoomSettingSteps } from "./room-settings/plan.ts";
import type { RoomIdOnTarget } from "../planning/room-mapping.ts";
import { planTagsSteps } from "./tags/plan.ts";

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

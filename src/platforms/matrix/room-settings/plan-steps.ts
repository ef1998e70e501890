import { stages } from "../../../migration/step.ts";
import type { PlannedStep } from "../../../migration/step.ts";
import type { ContentPayload } from "../account-data/content-step.ts";
import { plannedContentStep } from "../planned-content-step.ts";
import type { DesiredRoomSetting } from "./wanted.ts";

export function planRoomSettingSteps(missing: readonly DesiredRoomSetting[]): PlannedStep[] {
  return missing.map(({ roomId, type, content, isMerged }) =>
    plannedContentStep({
      key: `room_setting:${roomId} ${type}`,
      kind: "room_setting",
      stage: stages.rooms,
      roomId,
      payload: { roomId, type, content, isMerged } satisfies ContentPayload,
    }),
  );
}

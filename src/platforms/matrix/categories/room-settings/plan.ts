import { stages } from "../../../../model/step.ts";
import type { PlannedStep } from "../../../../model/step.ts";
import type { ContentPayload } from "../account-data/step.ts";
import { plannedContentStep } from "../content-step.ts";
import type { DesiredRoomSetting } from "./desired.ts";

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

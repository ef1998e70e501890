import { stages } from "../../../../model/step.ts";
import type { PlannedStep } from "../../../../model/step.ts";
import { plannedContentStep } from "../content-step.ts";
import type { ReadMarkerPayload } from "./step.ts";
import type { ReadMarker } from "./desired.ts";

export function planReadMarkerSteps(missing: readonly ReadMarker[]): PlannedStep[] {
  return missing.map(({ roomId, eventId }) => {
    const payload: ReadMarkerPayload = { roomId, eventId };
    return plannedContentStep({
      key: `read_marker:${roomId}`,
      kind: "read_marker",
      stage: stages.rooms,
      roomId,
      payload,
    });
  });
}

import { stages } from "../../../migration/step.ts";
import type { PlannedStep } from "../../../migration/step.ts";
import { plannedContentStep } from "../planned-content-step.ts";
import type { ReadMarkerPayload } from "./read-marker-step.ts";
import type { ReadMarker } from "./wanted.ts";

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

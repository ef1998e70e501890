import { stages } from "../../../migration/step.ts";
import type { PlannedStep } from "../../../migration/step.ts";
import { plannedContentStep } from "../planned-content-step.ts";
import type { TagsPayload } from "./tags-step.ts";
import type { DesiredTag } from "./wanted.ts";

/**
 * One step a room: Synapse takes tags only of rooms that the account is in (protocol-facts.md
 * section 5).
 */
export function planTagsSteps(missing: readonly DesiredTag[]): PlannedStep[] {
  const byRoom = Map.groupBy(missing, ({ roomId }) => roomId);
  return [...byRoom].map(([roomId, ofRoom]) => {
    const tags = ofRoom.map(({ name, order }) => ({ name, order }));
    const payload: TagsPayload = { roomId, tags };
    return plannedContentStep({ key: `tags:${roomId}`, kind: "tags", stage: stages.rooms, roomId, payload });
  });
}

import { stages } from "../../../../model/step.ts";
import type { PlannedStep } from "../../../../model/step.ts";
import { plannedContentStep } from "../content-step.ts";
import type { TagsPayload } from "./step.ts";
import type { DesiredTag } from "./desired.ts";

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

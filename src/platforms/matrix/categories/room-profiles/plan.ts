import { stages } from "../../../../model/step.ts";
import type { PlannedStep } from "../../../../model/step.ts";
import type { AccountContents } from "../contents.ts";
import { plannedContentStep } from "../content-step.ts";
import type { RoomProfilePayload } from "./step.ts";
import type { DesiredRoomProfile } from "./desired.ts";

/**
 * A member event is a message like any other to the limits. In rooms that the target is in already
 * it comes last: servers take their time to bring a new profile into every room, and overwrite what
 * stands there (protocol-facts.md section 6; seen with Synapse 1.163).
 */
export function planRoomProfileSteps(
  missing: readonly DesiredRoomProfile[],
  target: AccountContents,
): PlannedStep[] {
  const { displayName, avatarUrl } = target.profile;
  return missing.map(({ roomId, ...wanted }) => {
    const payload: RoomProfilePayload = { roomId, ...wanted, everywhere: { displayName, avatarUrl } };
    return plannedContentStep({
      key: `room_profile:${roomId}`,
      kind: "room_profile",
      stage: target.roomProfiles.has(roomId) ? stages.last : stages.rooms,
      roomId,
      limits: ["messages"],
      payload,
    });
  });
}

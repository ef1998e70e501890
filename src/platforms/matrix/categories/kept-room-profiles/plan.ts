import { z } from "zod";
import type { PlannedStep } from "../../../../model/step.ts";
import { stages } from "../../../../model/step.ts";
import { plannedStep } from "../../planning/planned-step.ts";
import type { RoomProfile } from "../../reading/account-reading.ts";
import type { AccountContents } from "../contents.ts";
import { isServerDefault } from "../room-profiles/chosen.ts";

/**
 * The payload of a step, and its undo record. A missing field is the same in the room as in the
 * global profile. `null` is a field without a value.
 */
export const keptRoomSchema = z.object({
  roomId: z.string(),
  displayName: z.exactOptional(z.string().nullable()),
  avatarUrl: z.exactOptional(z.string().nullable()),
});
export type KeptRoom = z.output<typeof keptRoomSchema>;

type Target = Pick<AccountContents, "snapshot" | "profile" | "roomProfiles">;

/** The names and pictures of the target in rooms where they differ from its global profile. */
export function ownRoomProfiles({ snapshot, profile, roomProfiles }: Target): ReadonlyMap<string, KeptRoom> {
  const own = new Map<string, KeptRoom>();
  for (const [roomId, existing] of roomProfiles) {
    const hasOwnName = existing.displayName !== profile.displayName;
    const hasOwnAvatar = existing.avatarUrl !== profile.avatarUrl;
    if ((!hasOwnName && !hasOwnAvatar) || isServerDefault(existing, snapshot.userId)) continue;
    own.set(roomId, {
      roomId,
      ...(hasOwnName && { displayName: existing.displayName }),
      ...(hasOwnAvatar && { avatarUrl: existing.avatarUrl }),
    });
  }
  return own;
}

/**
 * The steps that write the target's own names and pictures in rooms back. A change of its global
 * profile overwrites them in every room (platforms/matrix/README.md, "Profile"), also in rooms
 * that the source is not in.
 */
export function keptRoomSteps(target: Target): PlannedStep[] {
  return [...ownRoomProfiles(target).values()].map(planKeptRoom);
}

/** The step that writes the target's own name and picture in one room back. */
export function planKeptRoom(kept: KeptRoom): PlannedStep {
  return plannedStep({
    key: `kept_room_profile:${kept.roomId}`,
    kind: "kept_room_profile",
    side: "target",
    stage: stages.last,
    limits: ["messages"],
    payload: kept,
  });
}

/**
 * Whether a server has overwritten the name or picture in a room by the global profile. Any other
 * change is the person's own.
 */
export function isOverwritten(kept: KeptRoom, existing: RoomProfile, profile: RoomProfile): boolean {
  const overwritten = overwrittenFields(kept, existing, profile);
  return overwritten.displayName !== undefined || overwritten.avatarUrl !== undefined;
}

/** The fields to write back. */
export function overwrittenFields(
  kept: KeptRoom,
  existing: RoomProfile,
  profile: RoomProfile,
): Pick<KeptRoom, "displayName" | "avatarUrl"> {
  const isLost = (key: "displayName" | "avatarUrl"): boolean =>
    kept[key] !== undefined && existing[key] !== kept[key] && existing[key] === profile[key];
  return {
    ...(kept.displayName !== undefined && isLost("displayName") && { displayName: kept.displayName }),
    ...(kept.avatarUrl !== undefined && isLost("avatarUrl") && { avatarUrl: kept.avatarUrl }),
  };
}

import { z } from "zod";
import type { NotMoved } from "../../../../model/not-moved.ts";
import { stages } from "../../../../model/step.ts";
import type { RoomIdOnTarget } from "../../planning/room-mapping.ts";
import { movedRooms } from "../../planning/room-mapping.ts";
import type { Profile, RoomProfile } from "../../reading/account-reading.ts";
import type { CategoryPlan } from "../category-plan.ts";
import type { Comparison, Desired } from "../comparison.ts";
import { compareItems } from "../comparison.ts";
import type { AccountContents } from "../contents.ts";
import { chosenProfiles, isServerDefault } from "./chosen.ts";

const profileSchema = z.object({ displayName: z.string().nullable(), avatarUrl: z.string().nullable() });

/** The payload of a step. */
export const roomProfileSchema = profileSchema.extend({
  roomId: z.string(),
  /** The target's global profile before the move. A room with this profile has none of its own. */
  everywhere: profileSchema,
  /**
   * The source's global profile. The target has it when this step runs, with a copy of the picture.
   * Steps of older versions lack it.
   */
  copied: z.exactOptional(profileSchema),
});
export type RoomProfilePayload = z.output<typeof roomProfileSchema>;

/** The profile that the target should have in one room. At least one of the two is not `null`. */
interface DesiredRoomProfile extends RoomProfile {
  readonly roomId: string;
}

interface RoomProfileComparison extends Comparison<DesiredRoomProfile> {
  /** The source's global profile. */
  readonly copied: RoomProfile;
}

/**
 * Names and avatars that a person chose for one room only. One item a room. An avatar is uploaded
 * again under a new address, so any avatar that the target has only in that room counts as present.
 */
export const roomProfilesPlan: CategoryPlan<RoomProfileComparison, RoomProfilePayload> = {
  name: "room_profiles",
  accountDataType: null,
  isWholeList: false,
  partAbout: (item, roomIds) => (roomIds.has(item.roomId) ? item : null),
  compare(source, target, roomIdOnTarget) {
    const comparison = compareItems(
      "room_profiles",
      desiredRoomProfiles(source, roomIdOnTarget),
      ({ roomId }) => roomId,
      (desired) => {
        const existing = target.roomProfiles.get(desired.roomId);
        if (existing === undefined) return "missing";
        const missing = missingFrom(desired, existing, [target.profile], target.snapshot.userId);
        if (missing.displayName !== null || missing.avatarUrl !== null) return "missing";
        return desired.displayName === null || desired.displayName === existing.displayName
          ? "present"
          : "target_has_own";
      },
    );
    return { ...comparison, copied: pictured(source.profile) };
  },
  /**
   * A member event is limited like a message. The steps are among the last. After a change of the
   * global profile, servers rewrite the member event of every room some time later, and overwrite
   * its name and avatar (platforms/matrix/README.md, "Profile"; seen with Synapse 1.163).
   */
  steps({ missingItems, copied }, target) {
    return missingItems.map(({ roomId, ...desired }) => ({
      key: `room_profile:${roomId}`,
      stage: stages.last,
      roomId,
      limits: ["messages"],
      payload: { roomId, ...desired, everywhere: pictured(target.profile), copied },
    }));
  },
};

function pictured({ displayName, avatarUrl }: Profile): RoomProfile {
  return { displayName, avatarUrl };
}

/** The profiles that the source chose for single rooms. The others are reported. */
function desiredRoomProfiles(
  { snapshot, profile, roomProfiles }: Pick<AccountContents, "snapshot" | "profile" | "roomProfiles">,
  roomIdOnTarget: RoomIdOnTarget,
): Desired<DesiredRoomProfile> {
  const { chosen, notChosen } = chosenProfiles(
    { userId: snapshot.userId, profile, roomProfiles },
    (roomId) => roomIdOnTarget(roomId) ?? roomId,
  );
  const notMoved = [...notChosen].map(([item, code]): NotMoved => ({
    category: "room_profiles",
    item,
    code,
  }));
  const { moved, unmovedRoomIds } = movedRooms(chosen.keys(), roomIdOnTarget);
  for (const roomId of unmovedRoomIds)
    notMoved.push({ category: "room_profiles", item: roomId, code: "room_not_moved" });
  const desired = new Map<string, DesiredRoomProfile>();
  for (const { roomId, targetRoomId } of moved) {
    const own = chosen.get(roomId);
    if (own !== undefined && !desired.has(targetRoomId))
      desired.set(targetRoomId, { roomId: targetRoomId, ...own });
  }
  return { items: [...desired.values()], notMoved };
}

/**
 * The part of a room's profile that is still to be written; `null` for nothing. A name that the
 * target has only in that room is kept.
 * @param existing the profile in the room of the target, whose ID is `userId`
 * @param everywhere the target's global profiles, now and before the move
 */
export function missingFrom(
  desired: RoomProfile,
  existing: RoomProfile,
  everywhere: readonly RoomProfile[],
  userId: string,
): RoomProfile {
  const hasOwnName =
    existing.displayName !== null &&
    !isServerDefault(existing, userId) &&
    everywhere.every((one) => one.displayName !== existing.displayName);
  const hasOwnAvatar =
    existing.avatarUrl !== null && everywhere.every((one) => one.avatarUrl !== existing.avatarUrl);
  return {
    displayName: hasOwnName || existing.displayName === desired.displayName ? null : desired.displayName,
    avatarUrl: hasOwnAvatar ? null : desired.avatarUrl,
  };
}

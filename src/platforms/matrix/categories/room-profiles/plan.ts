import { z } from "zod";
import type { NotMoved } from "../../../../model/not-moved.ts";
import { stages } from "../../../../model/step.ts";
import { parseMxc } from "../../api/mxc.ts";
import type { RoomIdOnTarget } from "../../planning/room-mapping.ts";
import { movedRooms } from "../../planning/room-mapping.ts";
import type { Profile, RoomProfile } from "../../reading/account-reading.ts";
import type { CategoryPlan } from "../category-plan.ts";
import type { Comparison, Desired } from "../comparison.ts";
import { compareItems } from "../comparison.ts";

const profileSchema = z.object({ displayName: z.string().nullable(), avatarUrl: z.string().nullable() });

/** The payload of a step. */
export const roomProfileSchema = profileSchema.extend({
  roomId: z.string(),
  /** The target's global profile before the move. A room with this profile has none of its own. */
  everywhere: profileSchema,
});
export type RoomProfilePayload = z.output<typeof roomProfileSchema>;

/** The profile that the target should have in one room. At least one of the two is not `null`. */
interface DesiredRoomProfile extends RoomProfile {
  readonly roomId: string;
}

/**
 * Names and avatars that a person has in one room only. One item a room. An avatar is uploaded
 * again under a new address, so any avatar that the target has only in that room counts as present.
 */
export const roomProfilesPlan: CategoryPlan<Comparison<DesiredRoomProfile>, RoomProfilePayload> = {
  name: "room_profiles",
  accountDataType: null,
  isWholeList: false,
  partAbout: (item, roomIds) => (roomIds.has(item.roomId) ? item : null),
  compare(source, target, roomIdOnTarget) {
    return compareItems(
      "room_profiles",
      desiredRoomProfiles(source.roomProfiles, source.profile, roomIdOnTarget),
      ({ roomId }) => roomId,
      (desired) => {
        const existing = target.roomProfiles.get(desired.roomId);
        if (existing === undefined) return "missing";
        const missing = missingFrom(desired, existing, [target.profile]);
        if (missing.displayName !== null || missing.avatarUrl !== null) return "missing";
        return desired.displayName === null || desired.displayName === existing.displayName
          ? "present"
          : "target_has_own";
      },
    );
  },
  /**
   * A member event is limited like a message. For rooms that the target has already joined, the
   * step is one of the last. After a change of the global profile, servers rewrite the member event
   * of every room some time later, and overwrite its name and avatar (platforms/matrix/README.md,
   * "Profile"; seen with Synapse 1.163).
   */
  steps({ missingItems }, target) {
    const { displayName, avatarUrl } = target.profile;
    return missingItems.map(({ roomId, ...desired }) => ({
      key: `room_profile:${roomId}`,
      stage: target.roomProfiles.has(roomId) ? stages.last : stages.rooms,
      roomId,
      limits: ["messages"],
      payload: { roomId, ...desired, everywhere: { displayName, avatarUrl } },
    }));
  },
};

/**
 * The source's profile in rooms where it differs from the global one.
 *
 * - A room without a name does not differ: servers lose some names when a profile changes, and
 *   nobody removes the name in a single room.
 * - An avatar with a malformed address is reported if nothing else differs.
 */
function desiredRoomProfiles(
  roomProfiles: ReadonlyMap<string, RoomProfile>,
  profile: Profile,
  roomIdOnTarget: RoomIdOnTarget,
): Desired<DesiredRoomProfile> {
  const own = new Map<string, RoomProfile>();
  const notMoved: NotMoved[] = [];
  for (const [roomId, { displayName, avatarUrl }] of roomProfiles) {
    const ownAvatar = avatarUrl === profile.avatarUrl ? null : avatarUrl;
    const differing = {
      displayName: displayName === profile.displayName ? null : displayName,
      avatarUrl: ownAvatar === null || parseMxc(ownAvatar) === null ? null : ownAvatar,
    };
    if (differing.displayName !== null || differing.avatarUrl !== null) own.set(roomId, differing);
    else if (ownAvatar !== null)
      notMoved.push({ category: "room_profiles", item: roomId, code: "malformed" });
  }
  const { moved, unmovedRoomIds } = movedRooms(own.keys(), roomIdOnTarget);
  for (const roomId of unmovedRoomIds)
    notMoved.push({ category: "room_profiles", item: roomId, code: "room_not_moved" });
  const desired = new Map<string, DesiredRoomProfile>();
  for (const { roomId, targetRoomId } of moved) {
    const differing = own.get(roomId);
    if (differing !== undefined && !desired.has(targetRoomId))
      desired.set(targetRoomId, { roomId: targetRoomId, ...differing });
  }
  return { items: [...desired.values()], notMoved };
}

/**
 * The part of a room's profile that is still to be written; `null` for nothing. A name that the
 * target has only in that room is kept.
 * @param existing the target's profile in the room
 * @param everywhere the target's global profile, now and before the move
 */
export function missingFrom(
  desired: RoomProfile,
  existing: RoomProfile,
  everywhere: readonly RoomProfile[],
): RoomProfile {
  const hasOwnName =
    existing.displayName !== null && everywhere.every((one) => one.displayName !== existing.displayName);
  const hasOwnAvatar =
    existing.avatarUrl !== null && everywhere.every((one) => one.avatarUrl !== existing.avatarUrl);
  return {
    displayName: hasOwnName || existing.displayName === desired.displayName ? null : desired.displayName,
    avatarUrl: hasOwnAvatar ? null : desired.avatarUrl,
  };
}

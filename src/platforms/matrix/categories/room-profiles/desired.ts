import type { Desired } from "../comparison.ts";
import { parseMxc } from "../../api/mxc.ts";
import type { NotMoved } from "../not-moved.ts";
import type { Profile, RoomProfile } from "../../reading/account-reading.ts";
import { movedRooms } from "../../planning/room-mapping.ts";
import type { RoomIdOnTarget } from "../../planning/room-mapping.ts";

/** How the target should call itself in one room; at least one of the two is there. */
export interface DesiredRoomProfile extends RoomProfile {
  readonly roomId: string;
}

/**
 * What the source calls itself in a room other than everywhere. A name that a room lacks is none:
 * servers lose some when a profile changes, and nobody takes a name away from a single room. An
 * avatar that is none is told where it is all that differs.
 */
export function desiredRoomProfiles(
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
  const { moved, left } = movedRooms(own.keys(), roomIdOnTarget);
  for (const roomId of left)
    notMoved.push({ category: "room_profiles", item: roomId, code: "room_not_moved" });
  const wanted = new Map<string, DesiredRoomProfile>();
  for (const { roomId, targetRoomId } of moved) {
    const differing = own.get(roomId);
    if (differing !== undefined && !wanted.has(targetRoomId))
      wanted.set(targetRoomId, { roomId: targetRoomId, ...differing });
  }
  return { wanted: [...wanted.values()], notMoved };
}

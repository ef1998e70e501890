import type { Wanted } from "../comparison.ts";
import type { NotMoved } from "../not-moved.ts";
import type { Profile, RoomProfile } from "../reading/account-reading.ts";
import { movedRooms } from "../room-mapping.ts";
import type { RoomIdOnTarget } from "../room-mapping.ts";

/** How the target should call itself in one room; at least one of the two is there. */
export interface WantedRoomProfile extends RoomProfile {
  readonly roomId: string;
}

/**
 * What the source calls itself in a room other than everywhere. A name that a room lacks is none: servers lose some when a profile changes, and nobody
 * takes a name away from a single room.
 */
export function wantedRoomProfiles(
  roomProfiles: ReadonlyMap<string, RoomProfile>,
  profile: Profile,
  roomIdOnTarget: RoomIdOnTarget,
): Wanted<WantedRoomProfile> {
  const own = new Map<string, RoomProfile>();
  for (const [roomId, { displayName, avatarUrl }] of roomProfiles) {
    const differing = {
      displayName: displayName === profile.displayName ? null : displayName,
      avatarUrl: avatarUrl === profile.avatarUrl ? null : avatarUrl,
    };
    if (differing.displayName !== null || differing.avatarUrl !== null) own.set(roomId, differing);
  }
  const { moved, left } = movedRooms(own.keys(), roomIdOnTarget);
  const notMoved = left.map((roomId): NotMoved => ({ category: "room_profiles", item: roomId, code: "room_not_moved" }));
  const wanted = new Map<string, WantedRoomProfile>();
  for (const { roomId, targetRoomId } of moved) {
    const differing = own.get(roomId);
    if (differing !== undefined && !wanted.has(targetRoomId)) wanted.set(targetRoomId, { roomId: targetRoomId, ...differing });
  }
  return { wanted: [...wanted.values()], notMoved };
}

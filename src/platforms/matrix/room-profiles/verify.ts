import { compareItems } from "../comparison.ts";
import type { Comparison, Standing } from "../comparison.ts";
import type { AccountContents } from "../contents.ts";
import type { RoomIdOnTarget } from "../room-mapping.ts";
import { wantedRoomProfiles } from "./wanted.ts";
import type { WantedRoomProfile } from "./wanted.ts";

/** One item a room. An avatar is uploaded anew, so any avatar of the target's for that room alone counts. */
export function verifyRoomProfiles(source: AccountContents, target: AccountContents, roomIdOnTarget: RoomIdOnTarget): Comparison {
  return compareItems(
    "room_profiles",
    wantedRoomProfiles(source.roomProfiles, source.profile, roomIdOnTarget),
    ({ roomId }) => roomId,
    (wanted) => standingOf(wanted, target),
  );
}

function standingOf({ roomId, displayName, avatarUrl }: WantedRoomProfile, target: AccountContents): Standing {
  const there = target.roomProfiles.get(roomId);
  if (there === undefined) return "missing";
  const hasAvatar = avatarUrl === null || (there.avatarUrl !== null && there.avatarUrl !== target.profile.avatarUrl);
  const hasName = displayName === null || there.displayName === displayName;
  const hasOwnName = there.displayName !== null && there.displayName !== target.profile.displayName;
  if (!hasAvatar || (!hasName && !hasOwnName)) return "missing";
  return hasName ? "present" : "target_has_own";
}

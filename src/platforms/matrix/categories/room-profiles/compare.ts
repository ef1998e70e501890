import { compareItems } from "../comparison.ts";
import type { Comparison } from "../comparison.ts";
import type { AccountContents } from "../contents.ts";
import type { RoomProfile } from "../../reading/account-reading.ts";
import type { RoomIdOnTarget } from "../../planning/room-mapping.ts";
import { desiredRoomProfiles } from "./desired.ts";
import type { DesiredRoomProfile } from "./desired.ts";

/**
 * One item a room. An avatar is uploaded anew, so any avatar of the target's for that room alone
 * counts.
 */
export function compareRoomProfiles(
  source: AccountContents,
  target: AccountContents,
  roomIdOnTarget: RoomIdOnTarget,
): Comparison<DesiredRoomProfile> {
  return compareItems(
    "room_profiles",
    desiredRoomProfiles(source.roomProfiles, source.profile, roomIdOnTarget),
    ({ roomId }) => roomId,
    (wanted) => {
      const there = target.roomProfiles.get(wanted.roomId);
      if (there === undefined) return "missing";
      const lacking = lackingOf(wanted, there, [target.profile]);
      if (lacking.displayName !== null || lacking.avatarUrl !== null) return "missing";
      return wanted.displayName === null || wanted.displayName === there.displayName
        ? "present"
        : "target_has_own";
    },
  );
}

/**
 * What of a room's profile is still to be written; `null` for nothing. A name that the target has
 * for that room alone stays.
 * @param there what the target calls itself in the room
 * @param everywhere what it calls itself elsewhere, or did before
 */
export function lackingOf(
  wanted: RoomProfile,
  there: RoomProfile,
  everywhere: readonly RoomProfile[],
): RoomProfile {
  const hasOwnName =
    there.displayName !== null && everywhere.every((one) => one.displayName !== there.displayName);
  const hasOwnAvatar =
    there.avatarUrl !== null && everywhere.every((one) => one.avatarUrl !== there.avatarUrl);
  return {
    displayName: hasOwnName || there.displayName === wanted.displayName ? null : wanted.displayName,
    avatarUrl: hasOwnAvatar ? null : wanted.avatarUrl,
  };
}

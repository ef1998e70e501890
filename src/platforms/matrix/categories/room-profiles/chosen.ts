import type { NotMovedCode } from "../../../../model/not-moved.ts";
import { parseMxc } from "../../api/mxc.ts";
import { parseUserId } from "../../ids/identifiers.ts";
import type { Profile, RoomProfile } from "../../reading/account-reading.ts";

/** A name or picture that is the same in this number of rooms counts as a former global profile. */
const MIN_FORMER_ROOMS = 3;

type Account = Readonly<{
  userId: string;
  profile: Pick<Profile, "displayName" | "avatarUrl">;
  roomProfiles: ReadonlyMap<string, RoomProfile>;
}>;

/** The rooms in which an account differs from its global profile. */
export interface ChosenProfiles {
  /** What the person chose for a room; `null` for a name or a picture that was not chosen. */
  readonly chosen: ReadonlyMap<string, RoomProfile>;
  /** Rooms in which nothing was chosen, and what they show instead. */
  readonly notChosen: ReadonlyMap<string, NotMovedCode>;
}

/**
 * Separates the profiles of single rooms that the person chose from those that a server left.
 * Servers spread a changed profile slowly and leave some rooms out for good
 * (platforms/matrix/README.md, "Profile"). Member events therefore often show the server's default
 * or a former global profile.
 * @param roomOf the rooms that count as one: a replaced room and its replacement have the same ID
 */
export function chosenProfiles(account: Account, roomOf: (roomId: string) => string): ChosenProfiles {
  const { profile, roomProfiles } = account;
  const differing = new Map<string, RoomProfile>();
  const notChosen = new Map<string, NotMovedCode>();
  for (const [roomId, { displayName, avatarUrl }] of roomProfiles) {
    const ownName = displayName === profile.displayName ? null : displayName;
    const ownAvatar = avatarUrl === profile.avatarUrl ? null : avatarUrl;
    if (ownName === null && ownAvatar === null) continue;
    if (isServerDefault({ displayName, avatarUrl }, account.userId)) notChosen.set(roomId, "server_default");
    else differing.set(roomId, { displayName: ownName, avatarUrl: ownAvatar });
  }
  const nameRooms = roomsByValue(differing, ({ displayName }) => displayName, roomOf);
  const avatarRooms = roomsByValue(differing, ({ avatarUrl }) => avatarUrl, roomOf);
  const chosen = new Map<string, RoomProfile>();
  for (const [roomId, { displayName, avatarUrl }] of differing) {
    const isNameChosen = displayName !== null && isRare(nameRooms, displayName);
    const isAvatarChosen = avatarUrl !== null && isRare(avatarRooms, avatarUrl);
    const hasAddress = avatarUrl !== null && parseMxc(avatarUrl) !== null;
    const own = {
      displayName: isNameChosen ? displayName : null,
      avatarUrl: isAvatarChosen && hasAddress ? avatarUrl : null,
    };
    if (own.displayName !== null || own.avatarUrl !== null) chosen.set(roomId, own);
    else notChosen.set(roomId, isAvatarChosen ? "malformed" : "former_profile");
  }
  return { chosen, notChosen };
}

/** Servers give a new account its local part as a name, and no picture. Nobody chose that. */
export function isServerDefault({ displayName, avatarUrl }: RoomProfile, userId: string): boolean {
  return (
    avatarUrl === null &&
    (displayName === null || displayName === userId || displayName === parseUserId(userId)?.localpart)
  );
}

function roomsByValue(
  profiles: ReadonlyMap<string, RoomProfile>,
  valueOf: (profile: RoomProfile) => string | null,
  roomOf: (roomId: string) => string,
): ReadonlyMap<string, ReadonlySet<string>> {
  const rooms = new Map<string, Set<string>>();
  for (const [roomId, profile] of profiles) {
    const value = valueOf(profile);
    if (value === null) continue;
    const found = rooms.get(value) ?? new Set();
    rooms.set(value, found.add(roomOf(roomId)));
  }
  return rooms;
}

function isRare(rooms: ReadonlyMap<string, ReadonlySet<string>>, value: string): boolean {
  return (rooms.get(value)?.size ?? 0) < MIN_FORMER_ROOMS;
}

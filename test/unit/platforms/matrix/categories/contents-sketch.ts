import type { Comparison } from "../../../../../src/platforms/matrix/categories/comparison.ts";
import type { AccountContents } from "../../../../../src/platforms/matrix/categories/contents.ts";
import type { RoomIdOnTarget } from "../../../../../src/platforms/matrix/planning/room-mapping.ts";
import type { Profile, RoomProfile } from "../../../../../src/platforms/matrix/reading/account-reading.ts";
import type { RoomTag } from "../../../../../src/platforms/matrix/reading/raw-events.ts";
import { CHAT_MARKER } from "../../../../../src/platforms/matrix/rooms/chat-marker.ts";
import { readCreation } from "../../../../../src/platforms/matrix/rooms/state-content.ts";

export const OLD = "@me:old.example";
export const NEW = "@me:new.example";

/** Contents as a test describes them. Missing fields are empty. */
export interface ContentsSketch {
  accountData?: Record<string, unknown>;
  /** Joined rooms: room ID → other members. */
  rooms?: Record<string, string[]>;
  /** Those of them that the bot opened with this account. */
  openedChats?: string[];
  /** Room ID → type → content. */
  roomAccountData?: Record<string, Record<string, unknown>>;
  /** Room ID → tag → order. */
  tags?: Record<string, Record<string, number | null>>;
  roomProfiles?: Record<string, Partial<RoomProfile>>;
  profile?: Partial<Profile>;
  pushRules?: Record<string, unknown>;
  capabilities?: Partial<AccountContents["capabilities"]>;
  unreadableAccountData?: AccountContents["unreadableAccountData"];
}

function contents(userId: string, sketch: ContentsSketch): AccountContents {
  const { roomAccountData = {}, tags = {}, roomProfiles = {} } = sketch;
  return {
    snapshot: {
      userId,
      accountData: mapOf(sketch.accountData ?? {}, (content) => content),
      rooms: mapOf(sketch.rooms ?? {}, (others, roomId) => ({
        membership: "join",
        create: readCreation(
          { [CHAT_MARKER]: sketch.openedChats?.includes(roomId) === true ? "step" : null },
          userId,
        ),
        heroes: others.map((id) => ({ userId: id, displayName: null })),
        members: new Map(),
      })),
    },
    roomAccountData: mapOf(roomAccountData, (byType) => mapOf(byType, (content) => content)),
    roomTags: mapOf(tags, (ofRoom) =>
      Object.entries(ofRoom).map(([name, order]): RoomTag => ({ name, order })),
    ),
    roomProfiles: mapOf(roomProfiles, (profile) => ({ displayName: null, avatarUrl: null, ...profile })),
    profile: { displayName: null, avatarUrl: null, fields: new Map(), ...sketch.profile },
    pushRules: sketch.pushRules ?? {},
    capabilities: {
      canSetDisplayName: true,
      canSetAvatarUrl: true,
      profileFields: null,
      ...sketch.capabilities,
    },
    unreadableAccountData: sketch.unreadableAccountData ?? [],
  };
}

export function oldAccount(sketch: ContentsSketch = {}): AccountContents {
  return contents(OLD, sketch);
}

export function newAccount(sketch: ContentsSketch = {}): AccountContents {
  return contents(NEW, sketch);
}

/**
 * Rooms that start with "!gone" are not moved, `!upgraded:a` is replaced by `!replacement:a`, all
 * others keep their IDs.
 */
export const roomIdOnTarget: RoomIdOnTarget = (roomId) => {
  if (roomId.startsWith("!gone")) return null;
  return roomId.replace("!upgraded", "!replacement");
};

/** A comparison in short: how many are present, what is missing, and what is left with its code. */
export interface Short {
  readonly present: number;
  readonly missing: readonly string[];
  readonly left: readonly string[];
}

function short(present: number, missing: readonly string[], left: readonly string[]): Short {
  return { present, missing, left };
}

export function inShort({ category: { present, missing }, notMoved }: Comparison): Short {
  return short(
    present,
    missing,
    notMoved.map(({ item, code }) => `${item}: ${code}`),
  );
}

function mapOf<From, To>(
  record: Record<string, From>,
  make: (value: From, key: string) => To,
): Map<string, To> {
  return new Map(Object.entries(record).map(([key, value]) => [key, make(value, key)]));
}

import type { FileAccountData, FoundRoom, ImportedAccount } from "../../../model/room-file.ts";
import { isJsonObject, textOrNull } from "../api/json.ts";
import type { RawStateEvent } from "../rooms/room-snapshot.ts";
import { roomSnapshot } from "../rooms/room-snapshot.ts";
import type { RoomSnapshot } from "../rooms/types.ts";
import type { AccountReading, Capabilities, Profile } from "./account-reading.ts";

/** Nobody can ask the server. Nothing is written to the source, so these values limit nothing. */
const UNKNOWN_CAPABILITIES: Capabilities = {
  roomVersions: [],
  defaultRoomVersion: null,
  canSetDisplayName: false,
  canSetAvatarUrl: false,
  profileFields: null,
};

const NO_DATA: FileAccountData = {
  accountData: {},
  pushRules: {},
  tags: {},
  profile: {},
  roomAccountData: {},
};

/**
 * An account as files describe it, in place of a reading. State that a file does not have is
 * unread.
 */
export function readingFromFiles(imported: ImportedAccount, targetUserId: string): AccountReading {
  const { userId } = imported;
  const data = imported.data ?? NO_DATA;
  const rooms = imported.rooms.map((room) => roomFromFile(room, userId, targetUserId));
  const global = data.pushRules["global"];
  return {
    snapshot: {
      userId,
      rooms: new Map(rooms.map((room) => [room.roomId, room])),
      accountData: new Map<string, unknown>(Object.entries(withDirectChats(data, imported.rooms))),
      roomVersions: [],
    },
    roomAccountData: new Map(
      Object.entries(data.roomAccountData).map(([roomId, contents]) => [
        roomId,
        new Map<string, unknown>(Object.entries(contents)),
      ]),
    ),
    roomTags: new Map(),
    roomProfiles: new Map(),
    capabilities: UNKNOWN_CAPABILITIES,
    profile: profileFromFile(data.profile),
    pushRules: isJsonObject(global) ? global : {},
    method: "file",
    gaps: [],
    unreadableRoomIds: [],
    unreadableAccountData: [],
    requests: 0,
  };
}

/** The room as it was when the file was written. The account counts as joined, unless it says else. */
function roomFromFile(room: FoundRoom, userId: string, targetUserId: string): RoomSnapshot {
  const events: RawStateEvent[] = [];
  function add(type: string, content: Record<string, unknown>): void {
    events.push({ type, state_key: "", content });
  }
  if (room.version !== null) add("m.room.create", { room_version: room.version });
  if (room.joinRule !== null)
    add("m.room.join_rules", {
      join_rule: room.joinRule,
      allow: room.allow.map((roomId) => ({ type: "m.room_membership", room_id: roomId })),
    });
  if (room.encrypted === true) add("m.room.encryption", {});
  if (room.name !== null) add("m.room.name", { name: room.name });
  if (room.alias !== null) add("m.room.canonical_alias", { alias: room.alias });
  if (room.successor !== null) add("m.room.tombstone", { replacement_room: room.successor });
  return roomSnapshot({
    roomId: room.roomId,
    ownUserId: userId,
    otherUserId: targetUserId,
    membership: room.membership ?? "join",
    events,
    coverage: "partial",
    isOtherMemberRead: false,
    joinedCount: room.memberCount,
    tags: Object.keys(room.tags),
  });
}

/** A file of rooms says which rooms are direct chats, even without a file of settings. */
function withDirectChats(
  { accountData }: FileAccountData,
  rooms: readonly FoundRoom[],
): FileAccountData["accountData"] {
  if (accountData["m.direct"] !== undefined) return accountData;
  const direct: Record<string, string[]> = {};
  for (const { roomId, partner } of rooms)
    if (partner !== null) direct[partner] = [...(direct[partner] ?? []), roomId];
  return { ...accountData, "m.direct": direct };
}

function profileFromFile({
  displayname,
  avatar_url: avatarUrl,
  ...fields
}: Record<string, unknown>): Profile {
  return {
    displayName: textOrNull(displayname),
    avatarUrl: textOrNull(avatarUrl),
    fields: new Map(Object.entries(fields).filter(([, value]) => value !== null)),
  };
}

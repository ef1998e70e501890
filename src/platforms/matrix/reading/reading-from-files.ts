import type { FileAccountData, FoundRoom, ImportedAccount } from "../../../model/room-file.ts";
import { isJsonObject, isTooComplex, textOrNull } from "../api/json.ts";
import { addRoom, directContent } from "../categories/direct-chats/direct-content.ts";
import { DIRECT_CHATS_TYPE } from "../categories/direct-chats/plan.ts";
import type { RawStateEvent } from "../rooms/room-snapshot.ts";
import { roomSnapshot } from "../rooms/room-snapshot.ts";
import type { RoomSnapshot } from "../rooms/types.ts";
import type { AccountReading, Capabilities, Profile } from "./account-reading.ts";
import type { RoomTag } from "./raw-events.ts";
import { tagsOf } from "./raw-events.ts";

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
  const rules = data.pushRules["global"];
  const global = contentsFromFile(data.accountData);
  const roomData = Object.entries(data.roomAccountData).map(([roomId, contents]) => ({
    roomId,
    contents: contentsFromFile(contents),
  }));
  return {
    snapshot: {
      userId,
      rooms: new Map(rooms.map((room) => [room.roomId, room])),
      accountData: withDirectChats(global.readable, imported.rooms),
      roomVersions: [],
    },
    roomAccountData: new Map(roomData.map(({ roomId, contents }) => [roomId, contents.readable])),
    roomTags: tagsFromFiles(imported.rooms, data),
    roomProfiles: new Map(),
    capabilities: UNKNOWN_CAPABILITIES,
    profile: profileFromFile(data.profile),
    pushRules: isJsonObject(rules) ? rules : {},
    method: "file",
    gaps: [],
    unreadableRoomIds: [],
    unreadableAccountData: [
      ...global.unreadable.map((type) => ({ roomId: null, type })),
      ...roomData.flatMap(({ roomId, contents }) => contents.unreadable.map((type) => ({ roomId, type }))),
    ],
    requests: 0,
  };
}

/** The room as it was then. The account counts as joined, unless the file says otherwise. */
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

/** Account data of one scope by type, and the types that are too large or too deep. */
interface FileContents {
  readonly readable: ReadonlyMap<string, unknown>;
  readonly unreadable: readonly string[];
}

function contentsFromFile(contents: Readonly<Record<string, unknown>>): FileContents {
  const readable = new Map<string, unknown>();
  const unreadable: string[] = [];
  for (const [type, content] of Object.entries(contents)) {
    if (isTooComplex(content)) unreadable.push(type);
    else readable.set(type, content);
  }
  return { readable, unreadable };
}

/** A file of settings may be older or newer than one of rooms, so the tags of both count. */
function tagsFromFiles(
  rooms: readonly FoundRoom[],
  { tags }: Pick<FileAccountData, "tags">,
): ReadonlyMap<string, readonly RoomTag[]> {
  const byRoom = new Map<string, Record<string, unknown>>();
  const listed = rooms.map((room) => [room.roomId, room.tags] as const);
  for (const [roomId, tagsOfRoom] of [...listed, ...Object.entries(tags)])
    byRoom.set(roomId, { ...byRoom.get(roomId), ...tagsOfRoom });
  return new Map([...byRoom].map(([roomId, tagsOfRoom]) => [roomId, tagsOf({ tags: tagsOfRoom })]));
}

/**
 * `m.direct` with the direct chats that only a file of rooms has. A room that `m.direct` lists, or
 * an `m.direct` that no app can read, stays as it is.
 */
function withDirectChats(
  accountData: ReadonlyMap<string, unknown>,
  rooms: readonly FoundRoom[],
): ReadonlyMap<string, unknown> {
  const content = accountData.get(DIRECT_CHATS_TYPE) ?? {};
  if (!isJsonObject(content)) return accountData;
  const direct = directContent(content);
  const listed = new Set([...direct.values()].filter(Array.isArray).flat());
  for (const { roomId, partner } of rooms)
    if (partner !== null && !listed.has(roomId)) addRoom(direct, partner, roomId);
  return direct.size === 0
    ? accountData
    : new Map([...accountData, [DIRECT_CHATS_TYPE, Object.fromEntries(direct)]]);
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

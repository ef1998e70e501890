import type { FileAccountData, FileRoom, ImportedAccount } from "../../../model/room-file.ts";
import type { Helper } from "../../../model/routes.ts";
import { isJsonObject, isTooComplex, textOrNull } from "../api/json.ts";
import { addRoom, directContent } from "../categories/direct-chats/direct-content.ts";
import { DIRECT_CHATS_TYPE } from "../categories/direct-chats/plan.ts";
import { parseUserId } from "../ids/identifiers.ts";
import { isIpLiteral, serverPartOf } from "../ids/server-host.ts";
import { isServerName } from "../ids/server-name.ts";
import { looksLikeBot } from "../rooms/known-bots.ts";
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

/** The people and servers around an account that files describe. */
export interface FileParties {
  readonly targetUserId: string;
  /** Accounts that are not people. */
  readonly botUserIds: readonly string[];
  /** Servers from which nothing answers, and the one of the account. */
  readonly deadServers: ReadonlySet<string>;
  /** Servers that are known to exist. Nothing is known about the others. */
  readonly livingServers?: ReadonlySet<string>;
}

/** Further servers of a room add little. */
const MAX_VIA = 8;
/** The number of servers of one room whose state matters. */
const MAX_SERVERS_OF_ROOM = 10;

/** The servers that files name, those of many rooms first. */
export function serversOfFiles({ rooms, contacts }: Pick<ImportedAccount, "rooms" | "contacts">): string[] {
  const counts = new Map<string, number>();
  const count = (serverName: string): void => {
    if (isServerName(serverName)) counts.set(serverName, (counts.get(serverName) ?? 0) + 1);
  };
  for (const { roomId, via, helpers, partner } of rooms) {
    const people = [...helpers.map(({ userId }) => userId), partner ?? ""].map(serverPartOf);
    for (const name of new Set([...via.slice(0, MAX_SERVERS_OF_ROOM), ...people, serverPartOf(roomId)]))
      count(name);
  }
  for (const { userId } of contacts) count(serverPartOf(userId));
  return [...counts].sort(([, one], [, other]) => other - one).map(([serverName]) => serverName);
}

/**
 * An account as files describe it, in place of a reading. State that a file does not have is
 * unread.
 */
export function readingFromFiles(imported: ImportedAccount, parties: FileParties): AccountReading {
  const { userId } = imported;
  const data = imported.data ?? NO_DATA;
  const rooms = imported.rooms.map((room) => roomFromFile(room, userId, parties));
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
    deadServers: parties.deadServers,
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
function roomFromFile(room: FileRoom, userId: string, parties: FileParties): RoomSnapshot {
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
  const snapshot = roomSnapshot({
    roomId: room.roomId,
    ownUserId: userId,
    otherUserId: parties.targetUserId,
    membership: room.membership ?? "join",
    events,
    coverage: "partial",
    isOtherMemberRead: false,
    joinedCount: room.memberCount,
    tags: Object.keys(room.tags),
    fromFile: {
      via: viaOf(room, parties),
      helpers: helpersOf(room, userId, parties),
      power: room.power,
      isShown: null,
    },
  });
  return room.encrypted === false ? { ...snapshot, encryption: { kind: "absent" } } : snapshot;
}

/**
 * Those of the file, of its helpers, and of the room's ID, which names the server that made it.
 * Servers that are known to exist come first, IP addresses last.
 */
function viaOf({ roomId, via, helpers }: FileRoom, { deadServers, livingServers }: FileParties): string[] {
  const ofHelpers = helpers.map(({ userId }) => serverPartOf(userId));
  const named = [...via, ...ofHelpers, serverPartOf(roomId)].filter(isServerName);
  const others = [...new Set(named)].filter((serverName) => !deadServers.has(serverName));
  const rank = (name: string): number =>
    (isIpLiteral(name) ? 2 : 0) + (livingServers?.has(name) === true ? 0 : 1);
  return others.sort((one, other) => rank(one) - rank(other)).slice(0, MAX_VIA);
}

/** People whom somebody can still reach. Bots count only if there is nobody else. */
function helpersOf(
  { helpers }: FileRoom,
  userId: string,
  { targetUserId, botUserIds, deadServers }: FileParties,
): Helper[] {
  const able = helpers
    .filter((helper) => helper.userId !== userId && helper.userId !== targetUserId)
    .filter((helper) => !botUserIds.includes(helper.userId))
    .filter((helper) => parseUserId(helper.userId) !== null && !deadServers.has(serverPartOf(helper.userId)))
    .map(({ power, ...person }) => ({ ...person, power: power ?? 0 }));
  const people = able.filter((helper) => !looksLikeBot(helper.userId));
  return people.length > 0 ? people : able;
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
  rooms: readonly FileRoom[],
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
  rooms: readonly FileRoom[],
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

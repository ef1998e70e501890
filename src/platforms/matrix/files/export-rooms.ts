import type { FileContact, FileRoom, RoomsFile } from "../../../model/room-file.ts";
import type { Helper } from "../../../model/routes.ts";
import type { ExportOptions } from "../../files.ts";
import { serverNameOf } from "../ids/identifiers.ts";
import { isIpLiteral, isSameServer } from "../ids/server-host.ts";
import type { OpenAccount } from "../open-account.ts";
import { guarded, readOpenAccount } from "../open-account.ts";
import type { MembersNeeded, Parties } from "../planning/people.ts";
import { joinedUsers, membersToRead, peopleWhoMay, serversWhoMay } from "../planning/people.ts";
import type { AccountReading } from "../reading/account-reading.ts";
import { withNeededMembers } from "../reading/members.ts";
import { isOpenedChat } from "../rooms/chat-marker.ts";
import { directRooms } from "../rooms/direct-rooms.ts";
import { roomPowerOf } from "../rooms/power-levels/room-power.ts";
import { levelOf } from "../rooms/power-levels/room-power.ts";
import { roomName } from "../rooms/room-name.ts";
import { isServerAllowed } from "../rooms/server-acl.ts";
import type { StateRead } from "../rooms/state-read.ts";
import { valueOf } from "../rooms/state-read.ts";
import type { AccountSnapshot, RoomSnapshot } from "../rooms/types.ts";
import { lastReplacement } from "../rooms/upgrades.ts";

const MAX_VIA = 5;
/** Rooms in which somebody is looked for by a request of its own, because everybody may invite. */
const MAX_SEARCHED = 300;

const LISTED: ReadonlySet<string | null> = new Set(["join", "invite", "knock"]);

/** Every room of an account, with what a person needs to come back into it without the account. */
export async function exportRooms(opened: OpenAccount, options: ExportOptions): Promise<RoomsFile> {
  const { account } = opened;
  const reading = await readOpenAccount(opened, account.userId, {
    onProgress: options.onProgress,
    withLastActivity: true,
    isOtherMemberNeeded: false,
  });
  const parties: Parties = {
    sourceUserId: account.userId,
    targetUserId: account.userId,
    botUserIds: new Set([options.botUserId]),
  };
  const own = ownRooms(reading.snapshot, parties, options.botRoomIds);
  const snapshot = await guarded(account, async () => {
    const { reader, features } = await opened.readable();
    const needs = own.flatMap((room) => neededMembers(room, parties) ?? []);
    const named = needs.map((need) => ({ ...need, isAnyoneNeeded: false }));
    const first = await withNeededMembers(reader, { snapshot: reading.snapshot, needs: named, features });
    const unknown = own
      .flatMap(({ roomId }) => first.rooms.get(roomId) ?? [])
      .flatMap((room) => neededMembers(room, parties) ?? [])
      .filter(({ isAnyoneNeeded }) => isAnyoneNeeded)
      .slice(0, MAX_SEARCHED);
    return withNeededMembers(reader, { snapshot: first, needs: unknown, features });
  });
  return roomsFile({ ...reading, snapshot }, own, parties, options.generatedAt);
}

/** The rooms of the file: without chats with the bot, and chats that it opened. */
function ownRooms(
  { rooms, accountData, userId }: AccountSnapshot,
  { botUserIds }: Parties,
  botRoomIds: readonly string[],
): RoomSnapshot[] {
  const partners = directRooms(accountData);
  return [...rooms.values()].filter(
    (room) =>
      LISTED.has(room.membership) &&
      !botRoomIds.includes(room.roomId) &&
      !botUserIds.has(partners.get(room.roomId) ?? "") &&
      !isOpenedChat(room, [userId, userId]),
  );
}

function neededMembers(room: RoomSnapshot, parties: Parties): MembersNeeded | null {
  return room.membership === "join"
    ? membersToRead(room, roomPowerOf(room), { kind: "invite" }, parties, "route")
    : null;
}

export function roomsFile(
  { snapshot, roomTags }: Pick<AccountReading, "snapshot" | "roomTags">,
  own: readonly Pick<RoomSnapshot, "roomId">[],
  parties: Parties,
  generatedAt: Date,
): RoomsFile {
  const partners = directRooms(snapshot.accountData);
  const rooms = own.flatMap(({ roomId }) => snapshot.rooms.get(roomId) ?? []);
  return {
    ...{ schema: 1, kind: "rooms", account: snapshot.userId, generatedAt: generatedAt.toISOString() },
    rooms: rooms.map((room) =>
      fileRoom(room, {
        parties,
        successor:
          room.membership === "join" ? (lastReplacement(room, snapshot.rooms)?.roomId ?? null) : null,
        partner: partners.get(room.roomId) ?? null,
        tags: Object.fromEntries(
          (roomTags.get(room.roomId) ?? []).map(({ name, order }) => [name, order === null ? {} : { order }]),
        ),
      }),
    ),
    contacts: contactsOf(rooms, partners, parties),
  };
}

function fileRoom(
  room: RoomSnapshot,
  { parties, ...known }: { parties: Parties } & Pick<FileRoom, "successor" | "partner" | "tags">,
): FileRoom {
  const { sourceUserId } = parties;
  const creation = valueOf(room.create);
  const rules = valueOf(room.joinRules);
  const alias = valueOf(room.canonicalAlias);
  const isJoined = room.membership === "join";
  const arePowersKnown = isJoined && (room.powerLevels.kind !== "unread" || room.create.kind === "present");
  return {
    roomId: room.roomId,
    membership: membershipOf(room),
    name: roomName(room, new Set([sourceUserId])),
    alias,
    aliases: [...new Set([...(alias === null ? [] : [alias]), ...room.altAliases])],
    via: viaOf(room, parties),
    // A room without a version is one of the first version (CS §m.room.create).
    version: creation?.roomVersion ?? null,
    joinRule: room.joinRules.kind === "absent" ? "invite" : (rules?.joinRule ?? null),
    allow: [...(rules?.allowedRoomIds ?? [])],
    encrypted: isPresent(room.encryption),
    direct: known.partner !== null,
    partner: known.partner,
    tags: known.tags,
    power: arePowersKnown ? levelOf(roomPowerOf(room), sourceUserId) : null,
    memberCount: room.joinedCount,
    helpers: helpersOf(room, parties),
    successor: known.successor,
    link: null,
  };
}

function membershipOf({ membership }: RoomSnapshot): FileRoom["membership"] {
  return membership === "join" || membership === "invite" || membership === "knock" ? membership : null;
}

function isPresent(state: StateRead<unknown>): boolean | null {
  return state.kind === "unread" ? null : state.kind === "present";
}

/** For an invitation, the person who sent it. */
function helpersOf(room: RoomSnapshot, parties: Parties): Helper[] {
  const power = roomPowerOf(room);
  if (room.membership !== "invite")
    return [...peopleWhoMay(room, power, { kind: "invite" }, parties).helpers];
  const inviter = valueOf(room.ownMember)?.sender ?? null;
  if (inviter === null || parties.botUserIds.has(inviter)) return [];
  const displayName = room.members.get(inviter)?.displayName ?? null;
  return [{ userId: inviter, displayName, power: levelOf(power, inviter) ?? 0 }];
}

/** Servers of people with power first, because they leave last; the account's own server last. */
function viaOf(room: RoomSnapshot, parties: Parties): string[] {
  const own = serverNameOf(parties.sourceUserId) ?? "";
  const people = [
    ...joinedUsers(room),
    ...room.heroes.map(({ userId }) => userId),
    valueOf(room.ownMember)?.sender ?? "",
    valueOf(room.create)?.sender ?? "",
  ];
  const named = [
    ...serversWhoMay(room, roomPowerOf(room), { kind: "invite" }, parties),
    ...people.flatMap((userId) => serverNameOf(userId) ?? []),
  ].filter((serverName) => isServerAllowed(room.serverAcl, serverName) && !isIpLiteral(serverName));
  const others = named.filter((serverName) => !isSameServer(serverName, own));
  const isOwnInside = room.membership === "join" && isServerAllowed(room.serverAcl, own);
  return [...new Set([...others, ...(isOwnInside ? [own] : [])])].slice(0, MAX_VIA);
}

/** The people of direct chats, with the rooms of each. */
function contactsOf(
  rooms: readonly RoomSnapshot[],
  partners: ReadonlyMap<string, string>,
  { sourceUserId, botUserIds }: Parties,
): FileContact[] {
  const contacts = new Map<string, FileContact>();
  for (const room of rooms) {
    const userId = partners.get(room.roomId);
    if (userId === undefined || userId === sourceUserId || botUserIds.has(userId)) continue;
    const known = contacts.get(userId) ?? { userId, displayName: null, rooms: [] };
    const displayName = known.displayName ?? nameIn(room, userId);
    contacts.set(userId, { userId, displayName, rooms: [...known.rooms, room.roomId] });
  }
  return [...contacts.values()];
}

function nameIn({ members, heroes }: RoomSnapshot, userId: string): string | null {
  const hero = heroes.find((one) => one.userId === userId);
  return members.get(userId)?.displayName ?? hero?.displayName ?? null;
}

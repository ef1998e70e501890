import type { FileContact, FileRoom, RoomsFile } from "../../../model/room-file.ts";
import type { Helper } from "../../../model/routes.ts";
import type { ExportOptions } from "../../files.ts";
import { isJsonObject } from "../api/json.ts";
import { DIRECT_CHATS_TYPE } from "../categories/direct-chats/plan.ts";
import { parseUserId, serverNameOf } from "../ids/identifiers.ts";
import { isIpLiteral, isSameServer } from "../ids/server-host.ts";
import type { OpenAccount } from "../open-account.ts";
import { guarded } from "../open-account.ts";
import type { MembersNeeded, Parties } from "../planning/people.ts";
import { joinedUsers, membersToRead, peopleWhoMay, serversWhoMay } from "../planning/people.ts";
import type { AccountReading } from "../reading/account-reading.ts";
import { withNeededMembers } from "../reading/members.ts";
import { directRooms } from "../rooms/direct-rooms.ts";
import { roomPowerOf } from "../rooms/power-levels/room-power.ts";
import { levelOf } from "../rooms/power-levels/room-power.ts";
import { roomName } from "../rooms/room-name.ts";
import { isServerAllowed } from "../rooms/server-acl.ts";
import type { StateRead } from "../rooms/state-read.ts";
import { valueOf } from "../rooms/state-read.ts";
import type { RoomSnapshot } from "../rooms/types.ts";
import { lastReplacement } from "../rooms/upgrades.ts";
import { readForExport } from "./export-reading.ts";

const MAX_VIA = 5;
/** Rooms in which somebody is looked for by a request of its own, because everybody may invite. */
const MAX_SEARCHED = 300;

const LISTED: ReadonlySet<string | null> = new Set(["join", "invite", "knock"]);

/** Every room of an account, with what a person needs to come back into it without the account. */
export async function exportRooms(opened: OpenAccount, options: ExportOptions): Promise<RoomsFile> {
  const { reading, parties, withBot } = await readForExport(opened, options, { withLastActivity: true });
  const own = [...reading.snapshot.rooms.values()].filter(
    ({ roomId, membership }) => LISTED.has(membership) && !withBot.has(roomId),
  );
  const snapshot = await guarded(opened.account, async () => {
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
  const listed = directRooms(snapshot.accountData);
  const partners = partnersByRoom(snapshot.accountData.get(DIRECT_CHATS_TYPE));
  const rooms = own.flatMap(({ roomId }) => snapshot.rooms.get(roomId) ?? []);
  const partnersOf = (room: RoomSnapshot): readonly string[] =>
    partners.get(room.roomId) ?? directInviter(room, parties);
  return {
    ...{ schema: 1, kind: "rooms", account: snapshot.userId, generatedAt: generatedAt.toISOString() },
    rooms: rooms.map((room) => {
      const [partner = null] = partnersOf(room);
      return fileRoom(room, {
        parties,
        successor:
          room.membership === "join" ? (lastReplacement(room, snapshot.rooms)?.roomId ?? null) : null,
        direct: partner !== null || listed.has(room.roomId),
        partner,
        tags: Object.fromEntries(
          (roomTags.get(room.roomId) ?? []).map(({ name, order }) => [name, order === null ? {} : { order }]),
        ),
      });
    }),
    contacts: contactsOf(rooms, partnersOf, parties),
  };
}

/** The people under whom `m.direct` lists each room. Old clients also wrote other keys. */
function partnersByRoom(content: unknown): Map<string, string[]> {
  const partners = new Map<string, string[]>();
  for (const [userId, roomIds] of Object.entries(isJsonObject(content) ? content : {}))
    if (Array.isArray(roomIds) && parseUserId(userId) !== null)
      for (const roomId of new Set<unknown>(roomIds))
        if (typeof roomId === "string") partners.set(roomId, [...(partners.get(roomId) ?? []), userId]);
  return partners;
}

/** `m.direct` lists a direct chat only once the invitation is accepted. */
function directInviter({ membership, ownMember }: RoomSnapshot, { botUserIds }: Parties): string[] {
  const { sender = null, isDirect = false } = valueOf(ownMember) ?? {};
  return membership === "invite" && isDirect && sender !== null && !botUserIds.has(sender) ? [sender] : [];
}

function fileRoom(
  room: RoomSnapshot,
  { parties, ...known }: { parties: Parties } & Pick<FileRoom, "successor" | "direct" | "partner" | "tags">,
): FileRoom {
  const { sourceUserId, targetUserId } = parties;
  const creation = valueOf(room.create);
  const rules = valueOf(room.joinRules);
  const alias = valueOf(room.canonicalAlias);
  const isJoined = room.membership === "join";
  const arePowersKnown = isJoined && (room.powerLevels.kind !== "unread" || room.create.kind === "present");
  return {
    roomId: room.roomId,
    membership: membershipOf(room),
    name: roomName(room, new Set([sourceUserId, targetUserId])),
    alias,
    aliases: [...new Set([...(alias === null ? [] : [alias]), ...room.altAliases])],
    via: viaOf(room, parties),
    // A room without a version is one of the first version (CS §m.room.create).
    version: creation?.roomVersion ?? null,
    joinRule: room.joinRules.kind === "absent" ? "invite" : (rules?.joinRule ?? null),
    allow: [...(rules?.allowedRoomIds ?? [])],
    encrypted: isPresent(room.encryption),
    direct: known.direct,
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
  if (inviter === null || inviter === parties.targetUserId || parties.botUserIds.has(inviter)) return [];
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
  partnersOf: (room: RoomSnapshot) => readonly string[],
  { sourceUserId, targetUserId, botUserIds }: Parties,
): FileContact[] {
  const nobody = new Set([sourceUserId, targetUserId, ...botUserIds]);
  const contacts = new Map<string, { userId: string; displayName: string | null; rooms: string[] }>();
  for (const room of rooms) {
    for (const userId of partnersOf(room)) {
      if (nobody.has(userId)) continue;
      const contact = contacts.get(userId) ?? { userId, displayName: null, rooms: [] };
      contacts.set(userId, contact);
      contact.displayName ??= nameIn(room, userId);
      contact.rooms.push(room.roomId);
    }
  }
  return [...contacts.values()];
}

function nameIn({ members, heroes }: RoomSnapshot, userId: string): string | null {
  const hero = heroes.find((one) => one.userId === userId);
  return members.get(userId)?.displayName ?? hero?.displayName ?? null;
}

import type { ContactRecords, PlannedContact } from "../../../../model/contact.ts";
import type { FileContact } from "../../../../model/room-file.ts";
import type { NoDirectChatReason } from "../../../direct-chats.ts";
import { ignoredUsers } from "../../categories/ignored-users/plan.ts";
import { parseUserId, serverNameOf } from "../../ids/identifiers.ts";
import type { MembersNeeded, Parties } from "../../planning/people.ts";
import type { PlannedRoom } from "../../planning/planned-room.ts";
import { isOpenedChat } from "../../rooms/chat-marker.ts";
import { directRooms } from "../../rooms/direct-rooms.ts";
import type { AccountSnapshot, RoomSnapshot } from "../../rooms/types.ts";

/** What decides about new direct chats. */
export interface PartnerFacts {
  readonly source: AccountSnapshot;
  readonly target: AccountSnapshot;
  readonly rows: readonly PlannedRoom[];
  /** The people whom files name, if nobody has signed in the source. */
  readonly contacts: readonly FileContact[];
  /** The servers of these people that are gone. */
  readonly deadServers: ReadonlySet<string>;
  readonly parties: Parties;
  readonly records: Pick<ContactRecords, "chats" | "silentServers">;
  readonly planned: Pick<PlannedContact, "partners">;
}

/** A person with whom the source has direct chats, or whom a file names. */
export interface DirectPartner {
  readonly userId: string;
  /** The direct chats that the source has joined, with their plans. Empty only by a file. */
  readonly chats: readonly DirectPartnerChat[];
  /** As a file has it. */
  readonly nameInFile: string | null;
}

interface DirectPartnerChat {
  readonly row: PlannedRoom;
  readonly room: RoomSnapshot;
}

/**
 * The partners of the source's direct chats, and the people whom files name, without the two
 * accounts and bots.
 */
export function directPartners({ source, rows, contacts, parties }: PartnerFacts): DirectPartner[] {
  const own = new Set([parties.sourceUserId, parties.targetUserId, ...parties.botUserIds]);
  const partners = new Map<string, DirectPartner>();
  const counterparts = directRooms(source.accountData);
  for (const { userId, displayName, rooms } of contacts) {
    if (own.has(userId) || parseUserId(userId) === null) continue;
    partners.set(userId, { userId, chats: [], nameInFile: displayName });
    for (const roomId of rooms) if (!counterparts.has(roomId)) counterparts.set(roomId, userId);
  }
  for (const row of rows) {
    const userId = counterparts.get(row.roomId) ?? "";
    const room = source.rooms.get(row.roomId);
    if (own.has(userId) || parseUserId(userId) === null || row.route === "excluded") continue;
    if (room?.membership !== "join") continue;
    const known = partners.get(userId) ?? { userId, chats: [], nameInFile: null };
    partners.set(userId, { ...known, chats: [...known.chats, { row, room }] });
  }
  return [...partners.values()];
}

/**
 * Why no chat is opened with a partner; `null` if one can be opened.
 * @param isNamed the person has chosen the partner
 */
export function whyNoChat(
  partner: DirectPartner,
  isNamed: boolean,
  facts: PartnerFacts,
): NoDirectChatReason | null {
  const { userId, chats } = partner;
  const { source, target, records, planned, deadServers } = facts;
  const statuses = chats.map(({ row }) => row.status);
  if (statuses.includes("done")) return "moved";
  if (statuses.some((status) => status !== "needs_moderator" && status !== "failed" && status !== "skipped"))
    return "will_move";
  if (hasChat(userId, facts)) return "has_chat";
  if (planned.partners.has(userId)) return "chat_waits";
  if ([source, target].some((account) => ignoredUsers(account).has(userId))) return "ignored";
  const server = serverNameOf(userId) ?? "";
  if (deadServers.has(server)) return "server_gone";
  if (isNamed) return null;
  if (chats.length > 0 && chats.every(({ room }) => hasLeft(room, userId))) return "gone";
  if (records.silentServers.has(server)) return "silent";
  return records.chats.some(
    ({ partner: tried, purpose, state }) =>
      tried === userId && purpose === "direct_chat" && (state === "refused" || state === "declined"),
  )
    ? "refused"
    : null;
}

/** The partners whose membership in their chats is not known yet. */
export function partnersToLookAt(partners: readonly DirectPartner[]): MembersNeeded[] {
  return partners.flatMap(({ userId, chats }) =>
    chats
      .filter(({ room }) => !room.members.has(userId))
      .map(({ row }) => ({
        roomId: row.roomId,
        userIds: [userId],
        isAnyoneNeeded: false,
        purpose: "route" as const,
      })),
  );
}

/** A partner whose membership cannot be read counts as present. */
function hasLeft({ members }: RoomSnapshot, userId: string): boolean {
  const known = members.get(userId);
  return known?.membership === "leave" || known?.membership === "ban";
}

/**
 * Whether the target is in a direct chat with a partner, who is in it or invited. Somebody besides
 * the target counts as the partner.
 */
function hasChat(userId: string, { target, records }: PartnerFacts): boolean {
  const listed = [...directRooms(target.accountData)].flatMap(([roomId, partner]) =>
    partner === userId ? roomId : [],
  );
  const opened = records.chats.flatMap(({ by, partner, roomId }) =>
    by === target.userId && partner === userId && roomId !== null ? roomId : [],
  );
  // A run that was cancelled may have opened a chat that is in no list.
  const marked = [...target.rooms.values()].flatMap((room) =>
    isOpenedChat(room, [target.userId]) && room.heroes.some((hero) => hero.userId === userId)
      ? room.roomId
      : [],
  );
  return [...listed, ...opened, ...marked].some((roomId) => {
    const room = target.rooms.get(roomId);
    if (room?.membership !== "join") return false;
    return room.joinedCount === null || room.joinedCount + (room.invitedCount ?? 0) > 1;
  });
}

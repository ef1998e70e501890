import type { AskWay } from "../../../../model/contact.ts";
import type { AskOrder } from "../../../contact.ts";
import { isJoined } from "../../planning/people.ts";
import { directRooms } from "../../rooms/direct-rooms.ts";
import { valueOf } from "../../rooms/state-read.ts";
import type { AccountSnapshot, RoomSnapshot } from "../../rooms/types.ts";
import { maySpeak } from "../messages/may-speak.ts";
import type { RoomInQuestion } from "./rooms.ts";

/** A message in a room reaches at most this many joined members. */
const MAX_MEMBERS_OF_ROOM = 50;
/** A direct chat has the account and one other member. */
const MEMBERS_OF_CHAT = 2;

/** How a helper is asked. `roomId`: where the message is sent; `null` for a new chat. */
export interface ChosenWay {
  readonly way: AskWay;
  readonly roomId: string | null;
}

/** The direct chats of an account with exactly one other joined member. */
export interface ChatsOfTwo {
  /** The chats in which the account can write in plain text, by the other member. */
  readonly open: ReadonlyMap<string, string>;
  /** Those with whom there is an encrypted chat. */
  readonly encrypted: ReadonlySet<string>;
}

export function chatsOfTwo(asking: AccountSnapshot): ChatsOfTwo {
  const open = new Map<string, string>();
  const encrypted = new Set<string>();
  for (const [roomId, partner] of directRooms(asking.accountData)) {
    const room = asking.rooms.get(roomId);
    if (room === undefined || !isOfTwo(room) || !isJoined(room, partner)) continue;
    if (room.encryption.kind === "present") encrypted.add(partner);
    else if (canWrite(room, asking.userId) && !open.has(partner)) open.set(partner, roomId);
  }
  return { open, encrypted };
}

/** Whether an account and one other member are in a room, and nobody else is invited. */
export function isOfTwo({ membership, joinedCount, invitedCount }: RoomSnapshot): boolean {
  return membership === "join" && joinedCount === MEMBERS_OF_CHAT && invitedCount === 0;
}

/**
 * The way to ask a helper about rooms; `null` if the way that the person chose does not work. It is
 * the least disturbing one that works:
 * 1. a direct chat of the two;
 * 2. the room itself, if the helper is asked about no other room;
 * 3. a new direct chat.
 */
export function wayTo(
  userId: string,
  questions: readonly RoomInQuestion[],
  { order, asking, chats }: { order: Pick<AskOrder, "way">; asking: AccountSnapshot; chats: ChatsOfTwo },
): ChosenWay | null {
  const [only] = questions.length === 1 ? questions : [];
  if (order.way !== "room") {
    const chat = chats.open.get(userId) ?? (only === undefined ? null : chatItself(only, asking.userId));
    if (chat !== null) return { way: "direct", roomId: chat };
  }
  if (order.way !== "direct" && only !== undefined && canAskInside(only, asking.userId))
    return { way: "room", roomId: only.row.roomId };
  return order.way === "room" ? null : { way: "new_direct", roomId: null };
}

/** A direct chat that waits for the helper is the place to ask about it. */
function chatItself(question: RoomInQuestion, userId: string): string | null {
  const { isDirect, roomId } = question.row;
  return isDirect && canAskInside(question, userId) ? roomId : null;
}

/** The most joined members who may read a question in a room, in the moment of sending. */
export function maxReaders(
  roomId: string,
  { way, about }: { way: AskWay; about: readonly string[] },
): number {
  const isItself = about.length === 1 && about[0] === roomId;
  return way === "room" || isItself ? MAX_MEMBERS_OF_ROOM : MEMBERS_OF_CHAT;
}

/** Whether a message in the room itself reaches its helpers, and not too many others. */
export function canAskInside({ room, help }: RoomInQuestion, userId: string): boolean {
  // A helper of a space need not be in the rooms that the space opens. Clients show no messages of
  // a space.
  if (room === null || help === "open_space" || valueOf(room.create)?.type === "m.space") return false;
  const isSmall = room.joinedCount !== null && room.joinedCount <= MAX_MEMBERS_OF_ROOM;
  return isSmall && canWrite(room, userId);
}

/** Whether an account that has joined a room may write there in plain text, and is heard. */
function canWrite(room: RoomSnapshot, userId: string): boolean {
  return room.encryption.kind === "absent" && maySpeak(room, userId);
}

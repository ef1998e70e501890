import type { RoomSnapshot } from "../rooms/types.ts";
import type { Reader } from "./reader.ts";
import type { SeenMembership } from "./state-now.ts";
import { membershipNow } from "./state-now.ts";
import { unlessUnreadable } from "./unless-unreadable.ts";

export interface SpokenRooms {
  /** Rooms in which the bot has spoken with the person. */
  readonly spokenIn: readonly string[];
  readonly botUserId: string;
  /** Whether the other account of the person is in a room, or invited to it. */
  readonly isOtherIn: (roomId: string) => boolean | Promise<boolean>;
}

/**
 * The rooms in which the bot has spoken with a person and that are nothing but this chat. A plan
 * leaves them out, whatever their names are. A room that cannot be read does not count.
 * @param reader of the account whose rooms these are; it asks for the bot's membership in the few
 * small rooms
 * @throws HomeserverError, UnreachableError
 */
export async function chatsWithBot(
  reader: Reader,
  rooms: ReadonlyMap<string, RoomSnapshot>,
  { spokenIn, botUserId, isOtherIn }: SpokenRooms,
): Promise<string[]> {
  const chats: string[] = [];
  for (const roomId of spokenIn) {
    if (!(await isSmall(rooms.get(roomId), isOtherIn))) continue;
    const membership = await memberNow(reader, roomId, botUserId);
    if (membership === "join") chats.push(roomId);
  }
  return chats;
}

/**
 * Whether a user is in a room, or invited to it, as an account in the room sees it now. A room that
 * cannot be read does not count.
 * @throws HomeserverError, UnreachableError
 */
export async function isInside(reader: Reader, roomId: string, userId: string): Promise<boolean> {
  const membership = await memberNow(reader, roomId, userId);
  return membership === "join" || membership === "invite";
}

function memberNow(reader: Reader, roomId: string, userId: string): Promise<SeenMembership | null> {
  return unlessUnreadable(reader, roomId, (ofRoom) => membershipNow(ofRoom, { roomId, userId }));
}

/**
 * Whether a room has no more members than the account, the bot and perhaps the other account. The
 * count decides, because servers name members only in rooms without a name (CS API §/sync,
 * `m.heroes`). Without a count the room may have other members.
 */
async function isSmall(
  room: RoomSnapshot | undefined,
  isOtherIn: SpokenRooms["isOtherIn"],
): Promise<boolean> {
  if (room === undefined || room.joinedCount === null) return false;
  const members = room.joinedCount + (room.invitedCount ?? 0);
  return members <= 2 || (members === 3 && (await isOtherIn(room.roomId)));
}

import { z } from "zod";
import { apiPath } from "../api/homeserver-client.ts";
import { withMembers } from "../rooms/room-snapshot.ts";
import type { AccountSnapshot, RoomSnapshot } from "../rooms/types.ts";
import { concurrently } from "./concurrently.ts";
import { CONCURRENCY } from "./limits.ts";
import { readJoinedMembers } from "./members-of-room.ts";
import { membershipIn, stateEventsOf } from "./raw-events.ts";
import type { Reader } from "./reader.ts";
import type { RoomReader } from "./unless-unreadable.ts";
import { unlessUnreadable } from "./unless-unreadable.ts";

/** A direct chat has the account and one other member. */
const MEMBERS_OF_CHAT = 2;
const MAX_INVITED_BYTES = 1_048_576;
const membersSchema = z.object({ chunk: z.array(z.unknown()).nullish() });

/**
 * The snapshot with the numbers of joined members of some rooms, where they are not known. A server
 * that is read room by room sends none. A room that cannot be read keeps none.
 * @param chats of these rooms, those with one other member also get the number of invited ones
 * @throws HomeserverError, UnreachableError
 */
export async function withMemberCounts(
  reader: Reader,
  snapshot: AccountSnapshot,
  { rooms: roomIds, chats }: { rooms: Iterable<string>; chats: ReadonlySet<string> },
): Promise<AccountSnapshot> {
  const uncounted = [...new Set([...roomIds, ...chats])].flatMap((roomId) => {
    const room = snapshot.rooms.get(roomId);
    return room?.membership === "join" && room.joinedCount === null ? room : [];
  });
  if (uncounted.length === 0) return snapshot;
  const rooms = new Map(snapshot.rooms);
  await concurrently(uncounted, CONCURRENCY, async (room) => {
    const { roomId } = room;
    const counted = await unlessUnreadable(reader, roomId, (ofRoom) =>
      countMembers(ofRoom, room, snapshot.userId, chats.has(roomId)),
    );
    if (counted !== null) rooms.set(roomId, counted);
  });
  return { ...snapshot, rooms };
}

async function countMembers(
  reader: RoomReader,
  room: RoomSnapshot,
  userId: string,
  isChat: boolean,
): Promise<RoomSnapshot | null> {
  const joined = await readJoinedMembers(reader, room.roomId);
  if (joined === null) return null;
  const counted = { ...room, joinedCount: joined.size };
  if (!isChat || joined.size !== MEMBERS_OF_CHAT) return counted;
  const others = new Map([...joined].filter(([member]) => member !== userId));
  return { ...withMembers(counted, others), invitedCount: await countInvited(reader, room.roomId) };
}

/** Servers that do not know the query send all members. */
async function countInvited(reader: RoomReader, roomId: string): Promise<number> {
  const { chunk } = await reader.request({
    method: "GET",
    path: apiPath`/_matrix/client/v3/rooms/${roomId}/members`,
    query: { membership: "invite" },
    schema: membersSchema,
    maxBytes: MAX_INVITED_BYTES,
  });
  return stateEventsOf(chunk).filter(
    ({ type, content }) => type === "m.room.member" && membershipIn(content) === "invite",
  ).length;
}

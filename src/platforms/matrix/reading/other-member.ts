import { textOrNull } from "../api/json.ts";
import { unreadableRoom } from "../rooms/room-snapshot.ts";
import { readMember } from "../rooms/state-content.ts";
import { ABSENT } from "../rooms/state-read.ts";
import type { AccountSnapshot, RoomSnapshot } from "../rooms/types.ts";
import { concurrently } from "./concurrently.ts";
import { CONCURRENCY } from "./limits.ts";
import type { Reader } from "./reader.ts";
import { readStateEvent } from "./single-room.ts";
import type { RoomReader } from "./unless-unreadable.ts";
import { unlessUnreadable } from "./unless-unreadable.ts";

/**
 * Completes the other account's membership if two conditions hold:
 * - the listing could not show it (a lazily loaded sync);
 * - the other account's own reading does not have the room, or shows no more than that the account
 *   has left it. It may be banned then, and its server was not informed or does not show the ban.
 *
 * One request per room; none after sliding sync. If it fails, the room is unreadable.
 */
export async function withOtherMembers(
  reader: Reader,
  snapshot: AccountSnapshot,
  other: AccountSnapshot,
): Promise<AccountSnapshot> {
  const unknown = [...snapshot.rooms.values()].filter(
    (room) =>
      room.membership === "join" &&
      room.otherMember.kind === "unread" &&
      room.create.kind !== "unread" &&
      (other.rooms.get(room.roomId)?.membership ?? "leave") === "leave",
  );
  if (unknown.length === 0) return snapshot;
  const rooms = new Map(snapshot.rooms);
  await concurrently(unknown, CONCURRENCY, async (room) => {
    const otherMember = await unlessUnreadable(reader, room.roomId, (ofRoom) =>
      readOtherMember(ofRoom, room.roomId, other.userId),
    );
    rooms.set(room.roomId, otherMember === null ? unreadableRoom(room) : { ...room, otherMember });
  });
  return { ...snapshot, rooms };
}

async function readOtherMember(
  reader: RoomReader,
  roomId: string,
  userId: string,
): Promise<RoomSnapshot["otherMember"]> {
  const event = await readStateEvent(reader, roomId, "m.room.member", userId);
  return event === null
    ? ABSENT
    : readMember(event.content, textOrNull(event.sender), event.origin_server_ts);
}

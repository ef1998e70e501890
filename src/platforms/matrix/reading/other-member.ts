import type { AccountSnapshot, RoomSnapshot } from "../rooms/types.ts";
import { readMember } from "../rooms/state-content.ts";
import { ABSENT } from "../rooms/state-read.ts";
import { textOrNull } from "../api/json.ts";
import { concurrently } from "./concurrently.ts";
import { CONCURRENCY } from "./limits.ts";
import type { Reader } from "./reader.ts";
import { readStateEvent } from "./single-room.ts";

/**
 * Fills in the other account's membership where a listing could not tell it (a lazily loaded sync)
 * and the other account's own reading says nothing of the room: it was never there, or is banned
 * without its server having been told. One request a room; none after sliding sync.
 */
export async function withOtherMembers(
  reader: Reader,
  snapshot: AccountSnapshot,
  other: AccountSnapshot,
): Promise<AccountSnapshot> {
  const unsaid = [...snapshot.rooms.values()].filter(
    (room) =>
      room.membership === "join" &&
      room.otherMember.kind === "unread" &&
      room.create.kind !== "unread" &&
      !other.rooms.has(room.roomId),
  );
  if (unsaid.length === 0) return snapshot;
  const rooms = new Map(snapshot.rooms);
  await concurrently(unsaid, CONCURRENCY, async (room) => {
    rooms.set(room.roomId, {
      ...room,
      otherMember: await readOtherMember(reader, room.roomId, other.userId),
    });
  });
  return { ...snapshot, rooms };
}

async function readOtherMember(
  reader: Reader,
  roomId: string,
  userId: string,
): Promise<RoomSnapshot["otherMember"]> {
  const event = await readStateEvent(reader, roomId, "m.room.member", userId);
  return event === null
    ? ABSENT
    : readMember(event.content, textOrNull(event.sender), event.origin_server_ts);
}

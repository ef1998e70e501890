import { z } from "zod";
import type { Reader } from "./reader.ts";
import type { RoomCollector } from "./room-collector.ts";
import { readRoom } from "./single-room.ts";
import { unlessUnreadable } from "./unless-unreadable.ts";

const MAX_ROOM_LIST_BYTES = 8 * 1_048_576;

const joinedRoomsSchema = z.object({ joined_rooms: z.array(z.string()).nullish() });

/** The IDs of the rooms that the account has joined. */
export async function readJoinedRooms(reader: Reader): Promise<string[]> {
  const path = "/_matrix/client/v3/joined_rooms";
  const answer = await reader.request({
    method: "GET",
    path,
    schema: joinedRoomsSchema,
    maxBytes: MAX_ROOM_LIST_BYTES,
  });
  return [...new Set(answer.joined_rooms ?? [])];
}

/**
 * Reads a joined room by requests of its own. If the server does not show it, the room stays joined
 * and is unreadable.
 */
export async function readJoinedRoom(
  reader: Reader,
  collector: RoomCollector,
  roomId: string,
): Promise<void> {
  const room = await unlessUnreadable(reader, roomId, (ofRoom) =>
    readRoom(ofRoom, roomId, collector.accounts, collector.room(roomId)),
  );
  if (room === null) collector.setUnreadable(roomId);
  else collector.addRoom(room);
}

import { z } from "zod";
import { HomeserverError } from "../api/homeserver-error.ts";
import type { Reader } from "./reader.ts";
import type { RoomCollector } from "./room-collector.ts";
import { readRoom } from "./single-room.ts";

const MAX_ROOM_LIST_BYTES = 8 * 1_048_576;
/**
 * Refusals that concern one room. Others (a suspended account, missing consent) concern the account
 * and end the reading.
 */
const ROOM_ERRORS = new Set(["M_FORBIDDEN", "M_NOT_FOUND"]);

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
 * Reads a joined room by requests of its own. If the server refuses to show it, the room stays
 * joined with all state unread.
 */
export async function readJoinedRoom(
  reader: Reader,
  collector: RoomCollector,
  roomId: string,
): Promise<void> {
  try {
    collector.addRoom(await readRoom(reader, roomId, collector.accounts, collector.room(roomId)));
  } catch (error) {
    const isOfRoom =
      error instanceof HomeserverError && [403, 404].includes(error.status) && ROOM_ERRORS.has(error.errcode);
    if (!isOfRoom) throw error;
    reader.log.warn({ roomId, err: error }, "a joined room cannot be read");
    collector.addRoom({
      roomId,
      membership: "join",
      events: [],
      coverage: "partial",
      isOtherMemberRead: false,
    });
  }
}

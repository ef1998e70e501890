import { parseRoomId } from "../../ids/identifiers.ts";
import { OPEN_HISTORY } from "../../planning/warnings.ts";
import { roomsOfAliases } from "../../reading/aliases.ts";
import type { Reader } from "../../reading/reader.ts";
import { stateNow } from "../../reading/state-now.ts";
import { isRefusedForRoom } from "../../reading/unless-unreadable.ts";
import { roomName } from "../../rooms/room-name.ts";
import type { AccountSnapshot, RoomSnapshot } from "../../rooms/types.ts";

/** An encrypted room of the old account. */
export interface RoomToCheck {
  readonly roomId: string;
  readonly name: string | null;
  /** Whether the room's present history setting shows everything to every member. */
  readonly isHistoryOpen: boolean;
}

export interface ChosenRooms {
  readonly rooms: readonly RoomToCheck[];
  /** Words that match no encrypted room. */
  readonly unknownRooms: readonly string[];
}

const MAX_UNNAMED = 20;

/** The encrypted rooms with the latest activity, without the chats with the bot. */
export function latestRooms(
  { rooms }: AccountSnapshot,
  { own, botRoomIds }: { own: ReadonlySet<string>; botRoomIds: readonly string[] },
): RoomToCheck[] {
  const chats = new Set(botRoomIds);
  return [...rooms.values()]
    .filter((room) => room.membership === "join" && room.encryption.kind === "present")
    .filter(({ roomId }) => !chats.has(roomId))
    .toSorted((left, right) => (right.lastActivityAt ?? 0) - (left.lastActivityAt ?? 0))
    .slice(0, MAX_UNNAMED)
    .map((room) => toCheck(room, own));
}

/**
 * The rooms that a person named. `own`: both accounts, which give no room its name. A room that the
 * account has left is asked for by its ID.
 * @throws HomeserverError, UnreachableError, UnansweredAliasError
 */
export async function namedRooms(
  reader: Reader,
  { rooms }: AccountSnapshot,
  { own, words }: { own: ReadonlySet<string>; words: readonly string[] },
): Promise<ChosenRooms> {
  const aliases = await roomsOfAliases(reader, words, rooms);
  const chosen = new Map<string, RoomToCheck>();
  const unknownRooms: string[] = [];
  for (const word of words) {
    const roomId = aliases.get(word) ?? word;
    const room = rooms.get(roomId);
    // A joined room that could not be read may be encrypted.
    if (room?.membership === "join" && room.encryption.kind !== "absent")
      chosen.set(roomId, toCheck(room, own));
    else if (
      room?.membership !== "join" &&
      parseRoomId(roomId) !== null &&
      (await isEncryptedRoom(reader, roomId))
    )
      chosen.set(roomId, { roomId, name: null, isHistoryOpen: false });
    else unknownRooms.push(word);
  }
  return { rooms: [...chosen.values()], unknownRooms };
}

function toCheck(room: RoomSnapshot, own: ReadonlySet<string>): RoomToCheck {
  const visibility = room.historyVisibility;
  return {
    roomId: room.roomId,
    name: roomName(room, own),
    isHistoryOpen:
      visibility.kind === "absent" || (visibility.kind === "present" && OPEN_HISTORY.has(visibility.value)),
  };
}

/** Servers show former members the state of the room at the time when they left. */
async function isEncryptedRoom(reader: Reader, roomId: string): Promise<boolean> {
  try {
    return (await stateNow(reader, { roomId, type: "m.room.encryption" })) !== null;
  } catch (error) {
    if (isRefusedForRoom(error)) return false;
    throw error;
  }
}

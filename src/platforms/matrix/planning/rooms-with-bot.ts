import { isOpenedChat } from "../rooms/chat-marker.ts";
import type { RoomSnapshot } from "../rooms/types.ts";
import type { Parties } from "./people.ts";

/** What is known about chats with the bot besides the rooms themselves. */
export interface KnownBotChats {
  readonly parties: Parties;
  /** The counterparts of direct chats by room, from `m.direct`. */
  readonly counterparts: ReadonlyMap<string, string>;
  /** Rooms in which the person talks with the bot, and chats that the bot opened. */
  readonly botRoomIds: Iterable<string>;
}

/**
 * The rooms in which the person talks with the bot, or that the bot opened. They are no part of a
 * plan, nor of a file of the account.
 */
export function roomsWithBot(
  rooms: Iterable<RoomSnapshot>,
  { parties, counterparts, botRoomIds }: KnownBotChats,
): Set<string> {
  const { sourceUserId, targetUserId } = parties;
  const botRooms = new Set(botRoomIds);
  const withBot = new Set<string>();
  for (const room of rooms) {
    const isBotChat =
      botRooms.has(room.roomId) || isChatWithBot(room, counterparts.get(room.roomId), parties);
    if (isBotChat || isOpenedChat(room, [sourceUserId, targetUserId])) withBot.add(room.roomId);
  }
  return withBot;
}

/** A direct chat with the bot: by `m.direct`, or because nobody else has joined the room. */
function isChatWithBot(
  room: RoomSnapshot,
  counterpart: string | undefined,
  { botUserIds, targetUserId }: Parties,
): boolean {
  if (counterpart !== undefined && botUserIds.has(counterpart)) return true;
  const others = room.heroes.filter((hero) => hero.userId !== targetUserId);
  const isSmall = room.joinedCount !== null && room.joinedCount <= 1 + room.heroes.length;
  return isSmall && others.length > 0 && others.every((hero) => botUserIds.has(hero.userId));
}

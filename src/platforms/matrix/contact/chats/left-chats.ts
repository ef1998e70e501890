import type { OpenedChat } from "../../../../model/contact.ts";
import { isLeftAlone } from "../../rooms/left-alone.ts";
import type { AccountSnapshot } from "../../rooms/types.ts";

/** The IDs of opened chats that their partners have declined or left, by a reading. */
export function leftChats(chats: readonly OpenedChat[], accounts: readonly AccountSnapshot[]): string[] {
  return chats.flatMap(({ roomId, by, state }) => {
    if (roomId === null || state !== "open") return [];
    const room = accounts.find(({ userId }) => userId === by)?.rooms.get(roomId);
    return room !== undefined && isLeftAlone(room) ? [roomId] : [];
  });
}

import type { AccountReading } from "./account-reading.ts";
import type { Reader } from "./reader.ts";
import { membershipNow } from "./state-now.ts";
import { unlessUnreadable } from "./unless-unreadable.ts";

interface Readings {
  source: AccountReading;
  target: AccountReading;
}

/**
 * The rooms in which the bot has spoken with a person and that are nothing but this chat. A plan
 * leaves them out, whatever their names are. A room that cannot be read does not count.
 * @param reader of the source; it asks for the bot's membership in the few small rooms
 * @throws HomeserverError, UnreachableError
 */
export async function chatsWithBot(
  reader: Reader,
  readings: Readings,
  { spokenIn, botUserId }: { spokenIn: readonly string[]; botUserId: string },
): Promise<string[]> {
  const chats: string[] = [];
  for (const roomId of spokenIn) {
    if (!isSmall(roomId, readings)) continue;
    const membership = await unlessUnreadable(reader, roomId, (ofRoom) =>
      membershipNow(ofRoom, { roomId, userId: botUserId }),
    );
    if (membership === "join") chats.push(roomId);
  }
  return chats;
}

/**
 * Whether a room has no more members than the source, the bot and perhaps the target. The count
 * decides, because servers name members only in rooms without a name (CS API §/sync, `m.heroes`).
 * Without a count the room may have other members.
 */
function isSmall(roomId: string, { source, target }: Readings): boolean {
  const room = source.snapshot.rooms.get(roomId);
  if (room === undefined || room.joinedCount === null) return false;
  const targetMembership = target.snapshot.rooms.get(roomId)?.membership;
  const isTargetCounted = targetMembership === "join" || targetMembership === "invite";
  return room.joinedCount + (room.invitedCount ?? 0) <= (isTargetCounted ? 3 : 2);
}

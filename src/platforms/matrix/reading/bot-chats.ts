import type { AccountReading } from "./account-reading.ts";
import type { Reader } from "./reader.ts";
import { membershipNow } from "./state-now.ts";

interface Readings {
  source: AccountReading;
  target: AccountReading;
}

/**
 * Of the rooms in which the bot has spoken with a person, those that are nothing but that chat;
 * they are left out of a plan whatever they are called.
 * @param reader of the source, which is asked for the bot in the few rooms that are small enough
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
    if ((await membershipNow(reader, { roomId, userId: botUserId })) === "join") chats.push(roomId);
  }
  return chats;
}

/**
 * Whether a room has no more members than the source and the bot, and perhaps the target. Members
 * are counted, for servers name them only in rooms that have no name (CS API §/sync, `m.heroes`);
 * without a count the room may be full of others.
 */
function isSmall(roomId: string, { source, target }: Readings): boolean {
  const room = source.snapshot.rooms.get(roomId);
  if (room === undefined || room.joinedCount === null) return false;
  const targetMembership = target.snapshot.rooms.get(roomId)?.membership;
  const isTargetCounted = targetMembership === "join" || targetMembership === "invite";
  return room.joinedCount + (room.invitedCount ?? 0) <= (isTargetCounted ? 3 : 2);
}

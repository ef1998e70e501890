import { parseUserId } from "../ids/identifiers.ts";
import type { RoomSnapshot } from "./types.ts";
import { valueOf } from "./state-read.ts";

/**
 * Accounts that declare themselves no people: named by the configuration, listed as functional
 * members of the room (element-meta, functional_members), or the sender of a room of server
 * notices.
 */
export function isDeclaredBot(room: RoomSnapshot, userId: string, botUserIds: ReadonlySet<string>): boolean {
  if (botUserIds.has(userId)) return true;
  if (valueOf(room.functionalMembers)?.has(userId) === true) return true;
  return room.tags.includes("m.server_notice") && valueOf(room.create)?.sender === userId;
}

// Names that moderation bots and bridges have by default; `_` begins the names an application
// service keeps for itself (AS §Registration).
const BOT_LOCALPART =
  /^(?:_|mjolnir$|draupnir$|meowlnir$|hookshot$|heisenbridge$|appservice)|(?:^|[-_.=])bot(?:$|[-_.=\d])|^(?:bluesky|discord|facebook|github|gitlab|gmessages|googlechat|gvoice|hangouts|instagram|irc|linkedin|mau|meta|moderator|moderation|rss|signal|slack|telegram|twitter|whatsapp|zulip)bot$/i;

/**
 * Whether a user ID looks like a bot's. A guess, so such a person is passed over only where others
 * can help.
 */
export function looksLikeBot(userId: string): boolean {
  return BOT_LOCALPART.test(parseUserId(userId)?.localpart ?? "");
}

import { parseUserId } from "../ids/identifiers.ts";
import { isSameServer, serverPartOf } from "../ids/server-host.ts";
import { valueOf } from "./state-read.ts";
import type { RoomSnapshot } from "./types.ts";

/**
 * Whether an account is declared not to be a person. Three declarations count:
 * - the configuration names it;
 * - the room lists it as a functional member (element-meta, functional members; MSC4171);
 * - it is the sender of a room of server notices.
 */
export function isDeclaredBot(room: RoomSnapshot, userId: string, botUserIds: ReadonlySet<string>): boolean {
  if (botUserIds.has(userId)) return true;
  if (valueOf(room.functionalMembers)?.has(userId) === true) return true;
  return room.tags.includes(SERVER_NOTICE_TAG) && valueOf(room.create)?.sender === userId;
}

/** The tag that a server puts on the room of its notices (CS §Server Notices). */
const SERVER_NOTICE_TAG = "m.server_notice";

/**
 * Whether a room is the one in which a server sends notices to its own account. The account may
 * give any room that tag, so somebody else on that server must have created the room.
 */
export function isOfServerNotices(room: Pick<RoomSnapshot, "tags" | "create">, userId: string): boolean {
  const creator = valueOf(room.create)?.sender ?? null;
  return (
    room.tags.includes(SERVER_NOTICE_TAG) &&
    creator !== null &&
    creator !== userId &&
    isSameServer(serverPartOf(creator), serverPartOf(userId))
  );
}

// Default names of moderation bots and bridges. Names that an application service reserves begin
// with `_` (AS §Registration).
const BOT_LOCALPART =
  /^(?:_|mjolnir$|draupnir$|meowlnir$|hookshot$|heisenbridge$|appservice)|(?:^|[-_.=])bot(?:$|[-_.=\d])|^(?:bluesky|discord|facebook|github|gitlab|gmessages|googlechat|gvoice|hangouts|instagram|irc|linkedin|mau|meta|moderator|moderation|rss|signal|slack|telegram|twitter|whatsapp|zulip)bot$/i;

/**
 * Whether a user ID looks like a bot's. This is a guess, so the account is excluded only if others
 * can help.
 */
export function looksLikeBot(userId: string): boolean {
  return BOT_LOCALPART.test(parseUserId(userId)?.localpart ?? "");
}

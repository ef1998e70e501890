import { isJsonObject, textOrNull } from "../api/json.ts";
import { CHAT_MARKER } from "./chat-marker.ts";
import type { StateRead } from "./state-read.ts";
import { MALFORMED, present } from "./state-read.ts";
import type { Creation, JoinRules, Member, Membership, ServerAcl, Tombstone } from "./types.ts";

/** No event of a room is larger (CS §Size limits). */
const MAX_EVENT_BYTES = 65_536;

const MEMBERSHIPS: ReadonlySet<unknown> = new Set<Membership>(["join", "invite", "knock", "leave", "ban"]);

/**
 * Reads untrusted content of `m.room.create`. This reader and those below take time linear in the
 * content, and keep only what the plan uses.
 */
export function readCreation(content: unknown, sender: string | null): StateRead<Creation> {
  if (!isJsonObject(content)) return MALFORMED;
  const predecessor = content["predecessor"];
  return present({
    sender,
    roomVersion: "room_version" in content ? textOrNull(content["room_version"]) : "1",
    type: textOrNull(content["type"]),
    isFederated: !("m.federate" in content) || content["m.federate"] === true,
    creator: textOrNull(content["creator"]),
    additionalCreators: texts(content["additional_creators"]),
    predecessorRoomId: isJsonObject(predecessor) ? textOrNull(predecessor["room_id"]) : null,
    chatMark: textOrNull(content[CHAT_MARKER]),
  });
}

/** Reads untrusted content of `m.room.join_rules`. */
export function readJoinRules(content: unknown): StateRead<JoinRules> {
  if (!isJsonObject(content)) return MALFORMED;
  return present({
    joinRule: textOrNull(content["join_rule"]),
    allowedRoomIds: allowedRoomIds(content["allow"]),
  });
}

// Like Synapse (`get_rooms_that_allow_join`): entries of another type or shape are ignored.
// Anything but a list allows no room.
function allowedRoomIds(allow: unknown): string[] {
  if (!Array.isArray(allow)) return [];
  const roomIds = new Set<string>();
  for (const entry of allow) {
    if (!isJsonObject(entry) || entry["type"] !== "m.room_membership") continue;
    const roomId = textOrNull(entry["room_id"]);
    if (roomId !== null) roomIds.add(roomId);
  }
  return [...roomIds];
}

/** Reads untrusted content of `m.room.server_acl`. */
export function readServerAcl(content: unknown): StateRead<ServerAcl> {
  if (!isJsonObject(content)) return MALFORMED;
  const [allow, deny] = [texts(content["allow"]), texts(content["deny"])];
  if (lengthOf(allow) + lengthOf(deny) > MAX_EVENT_BYTES) return MALFORMED;
  // Anything but `false` allows them (CS §m.room.server_acl: "defaults to true if missing or
  // otherwise not a boolean").
  return present({
    allow,
    deny,
    allowsIpLiterals: content["allow_ip_literals"] !== false,
  });
}

/** Reads untrusted content of `m.room.tombstone`. */
export function readTombstone(content: unknown, sender: string | null): StateRead<Tombstone> {
  if (!isJsonObject(content)) return MALFORMED;
  const replacement = textOrNull(content["replacement_room"]);
  return present({ replacementRoomId: replacement?.startsWith("!") === true ? replacement : null, sender });
}

/** Reads untrusted content of `m.room.member`. */
export function readMember(content: unknown, sender: string | null, sentAt: unknown): StateRead<Member> {
  if (!isJsonObject(content)) return MALFORMED;
  const membership = content["membership"];
  if (!isMembership(membership)) return MALFORMED;
  return present({
    membership,
    sender,
    displayName: textOrNull(content["displayname"]),
    isDirect: content["is_direct"] === true,
    reason: textOrNull(content["reason"]),
    sentAt: typeof sentAt === "number" && Number.isSafeInteger(sentAt) ? sentAt : null,
  });
}

/**
 * One text of a content. A missing or empty text is `absent` (a name that was removed); another
 * type is `malformed`.
 */
export function readText(content: unknown, key: string): StateRead<string> {
  if (!isJsonObject(content)) return MALFORMED;
  const value = content[key];
  if (value === undefined || value === null || value === "") return { kind: "absent" };
  return typeof value === "string" ? present(value) : MALFORMED;
}

/** The texts of a list in untrusted content. Other entries are ignored. */
export function readTextSet(content: unknown, key: string): StateRead<ReadonlySet<string>> {
  return isJsonObject(content) ? present(new Set(texts(content[key]))) : MALFORMED;
}

/**
 * Whether an `m.space.child` or `m.space.parent` is valid. Without `via` the link was removed (CS
 * §m.space.child).
 */
export function isSpaceLink(content: unknown): boolean {
  return isJsonObject(content) && Array.isArray(content["via"]) && content["via"].length > 0;
}

function isMembership(value: unknown): value is Membership {
  return MEMBERSHIPS.has(value);
}

function lengthOf(list: readonly string[]): number {
  return list.reduce((total, text) => total + text.length, 0);
}

function texts(list: unknown): string[] {
  return Array.isArray(list) ? list.filter((entry) => typeof entry === "string") : [];
}

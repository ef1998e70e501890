import { z } from "zod";
import { UnreachableError } from "../../../network/unreachable-error.ts";
import { apiPath } from "../api/homeserver-client.ts";
import { isJsonObject, textOrNull } from "../api/json.ts";
import type { KnownMember } from "../rooms/types.ts";
import { concurrently } from "./concurrently.ts";
import { CONCURRENCY } from "./limits.ts";
import { ABSENT_MEMBER, knownMember, stateEventsOf } from "./raw-events.ts";
import { readStateEvent } from "./single-room.ts";
import type { RoomReader } from "./unless-unreadable.ts";

/**
 * A member in `joined_members` takes about 150 bytes. A separate request takes about as long as a
 * hundred of them.
 */
const JOINED_MEMBERS_A_REQUEST = 100;
/** About three megabytes. A longer list is not worth its cost. */
const MAX_JOINED_MEMBERS = 20_000;
const MAX_LIST_BYTES = 4 * 1_048_576;
const FEW_JOINED_MEMBERS = 500;
const RECENT_MEMBER_EVENTS = 50;

const joinedSchema = z.object({ joined: z.record(z.string(), z.unknown()).nullish() });
const messagesSchema = z.object({ chunk: z.array(z.unknown()).nullish() });

/**
 * The membership of named users. Read from the list of joined members if that is small for the
 * number of users, else one by one.
 */
export async function readMembersOfRoom(
  reader: RoomReader,
  roomId: string,
  userIds: readonly string[],
  joinedCount: number | null,
): Promise<Map<string, KnownMember>> {
  const distinctIds = [...new Set(userIds)];
  const maxJoinedCount = Math.min(MAX_JOINED_MEMBERS, (distinctIds.length - 1) * JOINED_MEMBERS_A_REQUEST);
  const joined =
    joinedCount !== null && joinedCount <= maxJoinedCount ? await readJoinedMembers(reader, roomId) : null;
  if (joined !== null)
    return new Map(distinctIds.map((userId) => [userId, joined.get(userId) ?? ABSENT_MEMBER]));
  const members = await concurrently(distinctIds, CONCURRENCY, async (userId) => {
    const event = await readStateEvent(reader, roomId, "m.room.member", userId);
    return [userId, event === null ? ABSENT_MEMBER : knownMember(event.content)] as const;
  });
  return new Map(members);
}

/**
 * Some joined members: all of a small room, or in a large room those whose membership changed last.
 */
export async function readSomeJoinedMembers(
  reader: RoomReader,
  roomId: string,
  joinedCount: number | null,
): Promise<Map<string, KnownMember>> {
  const all =
    joinedCount !== null && joinedCount <= FEW_JOINED_MEMBERS
      ? await readJoinedMembers(reader, roomId)
      : null;
  return all ?? (await readRecentMembers(reader, roomId));
}

/** Joined members with their names; `null` if the list is too long. */
export async function readJoinedMembers(
  reader: RoomReader,
  roomId: string,
): Promise<Map<string, KnownMember> | null> {
  const path = apiPath`/_matrix/client/v3/rooms/${roomId}/joined_members`;
  try {
    const answer = await reader.request({
      method: "GET",
      path,
      schema: joinedSchema,
      maxBytes: MAX_LIST_BYTES,
    });
    const joined = Object.entries(answer.joined ?? {});
    return new Map(
      joined.map(([userId, profile]) => {
        const displayName = isJsonObject(profile) ? textOrNull(profile["display_name"]) : null;
        return [userId, { membership: "join", displayName, lastActiveAt: null }];
      }),
    );
  } catch (error) {
    if (error instanceof UnreachableError && error.reason === "too_large") return null;
    throw error;
  }
}

/** Requests only member events, because the bot does not read messages of the room. */
async function readRecentMembers(reader: RoomReader, roomId: string): Promise<Map<string, KnownMember>> {
  const answer = await reader.request({
    method: "GET",
    path: apiPath`/_matrix/client/v3/rooms/${roomId}/messages`,
    query: { dir: "b", limit: RECENT_MEMBER_EVENTS, filter: JSON.stringify({ types: ["m.room.member"] }) },
    schema: messagesSchema,
    maxBytes: MAX_LIST_BYTES,
  });
  const members = new Map<string, KnownMember>();
  for (const event of stateEventsOf(answer.chunk)) {
    // Newest first, so the first event of a user counts.
    if (event.type === "m.room.member" && !members.has(event.state_key))
      members.set(event.state_key, knownMember(event.content));
  }
  return members;
}

import { z } from "zod";
import { UnreachableError } from "../../../network/unreachable-error.ts";
import { apiPath } from "../api/homeserver-client.ts";
import { HomeserverError } from "../api/homeserver-error.ts";
import { serverNameOf } from "../ids/identifiers.ts";
import { isSameServer } from "../ids/server-host.ts";
import { roomFromSummary } from "../rooms/room-summary.ts";
import { valueOf } from "../rooms/state-read.ts";
import type { AccountSnapshot, RoomSnapshot } from "../rooms/types.ts";
import type { RoomToFind } from "./outside-room.ts";
import { tagsOf } from "./raw-events.ts";
import type { Reader } from "./reader.ts";

/** What the source's server shows of a room to which the source is invited. */
export interface InvitationLook {
  readonly room: RoomSnapshot;
  /** Names of the account's tags on it. A listing has none of a room that is not joined. */
  readonly tags: readonly string[];
}

/** One invitation must not delay a plan for long. */
const READ_OPTIONS = { retries: 1, isTimeoutFinal: true } as const;
const answerSchema = z.record(z.string(), z.unknown());

/**
 * Looks at a room to which the source is invited: whether anybody is in it, and whether it is the
 * room of the server's notices. A server that does not answer counts as one that knows nothing.
 */
export async function lookAtInvitation(
  reader: Reader,
  { roomId, via }: RoomToFind,
  source: AccountSnapshot,
  targetUserId: string,
): Promise<InvitationLook> {
  const ownServer = serverNameOf(source.userId) ?? "";
  const inviter = valueOf(source.rooms.get(roomId)?.ownMember ?? { kind: "unread" })?.sender ?? "";
  const isOfOwnServer = isSameServer(serverNameOf(inviter) ?? "", ownServer);
  // A server says 404 too if another server that it asks does not answer.
  const isSure = isOfOwnServer && via.every((serverName) => isSameServer(serverName, ownServer));
  const path = apiPath`/_matrix/client/v1/room_summary/${roomId}`;
  const summary = await answerTo(reader, path, { via });
  const isGone = summary === "not_found" && isSure;
  const content = isGone ? { num_joined_members: 0 } : typeof summary === "string" ? {} : summary;
  const tagsPath = apiPath`/_matrix/client/v3/user/${source.userId}/rooms/${roomId}/tags`;
  const tags = isOfOwnServer ? await answerTo(reader, tagsPath) : "unknown";
  return {
    room: roomFromSummary(roomId, content, source, targetUserId),
    tags: typeof tags === "string" ? [] : tagsOf(tags).map(({ name }) => name),
  };
}

/** The snapshot with the tags of rooms that were looked at. */
export function withTags(snapshot: AccountSnapshot, looks: readonly InvitationLook[]): AccountSnapshot {
  const rooms = new Map(snapshot.rooms);
  for (const { room, tags } of looks) {
    const known = rooms.get(room.roomId);
    if (known !== undefined && tags.length > 0) rooms.set(room.roomId, { ...known, tags });
  }
  return { ...snapshot, rooms };
}

async function answerTo(
  reader: Reader,
  path: string,
  query: Readonly<Record<string, readonly string[]>> = {},
): Promise<Record<string, unknown> | "not_found" | "unknown"> {
  try {
    return await reader.request({ method: "GET", path, query, schema: answerSchema }, READ_OPTIONS);
  } catch (error) {
    if (error instanceof HomeserverError)
      return error.status === 404 && error.errcode === "M_NOT_FOUND" ? "not_found" : "unknown";
    if (error instanceof UnreachableError && error.reason !== "aborted") return "unknown";
    throw error;
  }
}

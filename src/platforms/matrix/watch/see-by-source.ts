import { UnreachableError } from "../../../network/unreachable-error.ts";
import type { WatchedChat } from "../../platform.ts";
import { HomeserverError } from "../api/homeserver-error.ts";
import { isJsonObject } from "../api/json.ts";
import { concurrently } from "../reading/concurrently.ts";
import { CONCURRENCY } from "../reading/limits.ts";
import { memberEventOf, membershipIn, stateEventsOf } from "../reading/raw-events.ts";
import { readStateEvent } from "../reading/single-room.ts";
import type { RequiredState } from "../reading/sliding-sync-request.ts";
import { slidingSyncRequest } from "../reading/sliding-sync-request.ts";
import type { RawStateEvent } from "../rooms/room-snapshot.ts";
import type { RoomSnapshot } from "../rooms/types.ts";
import { chatSubscriptions, leftChatsIn } from "./left-chats.ts";
import type { Seen, SeenRooms, WatchingAccount } from "./watching-account.ts";
import { CONNECTION, TIMEOUT_MS, hasSlidingSync, watchedSnapshot, withJoinRule } from "./watching-account.ts";

/** What the source is asked at one look. */
export interface SourceLook {
  readonly roomIds: readonly string[];
  /** Chats that the source has opened. */
  readonly chats: readonly WatchedChat[];
  readonly targetUserId: string;
  /**
   * Rooms that one request does not show are read one by one. The number of the look decides which
   * of them: they are too many for every look.
   */
  readonly readsRooms: number | null;
  readonly signal: AbortSignal;
}

/** Four requests each. */
const MAX_ROOMS_READ = 50;
/** A server that shows a room answers at once, unless it still fetches the room. */
const ROOM_TIMEOUT_MS = 10_000;
/**
 * The number of time-outs after which the look ends, because other people's looks wait for its
 * slot.
 */
const MAX_TIMEOUTS = 4;

/**
 * The rooms that the source has joined, as its server shows them: the target's membership, the join
 * rule and the ACL.
 * - With sliding sync: one request for all rooms (about 1 kB a room). A server may leave out a room
 *   that the account has joined (element-hq/synapse#17781).
 * - Otherwise, and for rooms that are left out: four requests a room, at some looks only.
 *
 * @returns `null` if there is nothing to ask at this look
 * @throws HomeserverError, UnreachableError
 */
export async function seeBySource(source: WatchingAccount, look: SourceLook): Promise<Seen | null> {
  const hasNone = look.roomIds.length + look.chats.length === 0;
  if (hasNone || (!hasSlidingSync(source) && look.readsRooms === null)) return null;
  if (!hasSlidingSync(source)) {
    const rooms = await readRooms(source, look, new Map());
    return { rooms, leftChats: await readLeftChats(source, look) };
  }
  const { rooms, leftChats } = await listedRooms(source, look);
  return { rooms: await readRooms(source, look, rooms), leftChats };
}

/** The listed rooms, and at some looks further ones, which are read one by one. */
async function readRooms(source: WatchingAccount, look: SourceLook, listed: SeenRooms): Promise<SeenRooms> {
  if (look.readsRooms === null) return listed;
  const missing = look.roomIds.filter((roomId) => !listed.has(roomId));
  const chosen = chosenRooms(missing, look.readsRooms);
  const timeouts: UnreachableError[] = [];
  let answers = 0;
  const read = await concurrently(chosen, CONCURRENCY, async (roomId) => {
    if (timeouts.length >= MAX_TIMEOUTS) return [];
    const room = await readRoom(source, roomId, look);
    if (room instanceof UnreachableError) timeouts.push(room);
    else answers += 1;
    return room === null || room instanceof UnreachableError ? [] : [[roomId, room] as const];
  });
  const [timeout] = timeouts;
  if (timeout !== undefined && answers === 0 && timeouts.length >= MAX_TIMEOUTS && !hasSlidingSync(source))
    throw timeout;
  return new Map([...listed, ...read.flat()]);
}

/**
 * Another part of the rooms at each look, so that every room is read in turn. A part begins with
 * other rooms each time: rooms that hang end a look before the rest is read.
 */
function chosenRooms(roomIds: readonly string[], look: number): readonly string[] {
  const parts = Math.max(1, Math.ceil(roomIds.length / MAX_ROOMS_READ));
  const start = (look % parts) * MAX_ROOMS_READ;
  const part = roomIds.slice(start, start + MAX_ROOMS_READ);
  const first = part.length === 0 ? 0 : (Math.floor(look / parts) * MAX_TIMEOUTS) % part.length;
  return [...part.slice(first), ...part.slice(0, first)];
}

async function listedRooms(
  { client, userId }: WatchingAccount,
  { roomIds, chats, targetUserId, signal }: SourceLook,
): Promise<Seen> {
  const required_state: RequiredState = [
    ["m.room.member", targetUserId],
    ["m.room.member", userId],
    ["m.room.join_rules", ""],
    ["m.room.server_acl", ""],
  ];
  const room_subscriptions = {
    ...chatSubscriptions(chats, userId),
    ...Object.fromEntries(roomIds.map((roomId) => [roomId, { required_state, timeline_limit: 0 }])),
  };
  const request = slidingSyncRequest(
    { conn_id: CONNECTION, extensions: {}, room_subscriptions },
    null,
    roomIds.length + chats.length,
  );
  const answer = await client.request({ ...request, timeoutMs: TIMEOUT_MS, signal });
  const seen = new Map<string, RoomSnapshot>();
  for (const roomId of roomIds) {
    const room = answer.rooms?.[roomId];
    if (!isJsonObject(room)) continue;
    const events = stateEventsOf(room["required_state"]);
    // After the source left, the server shows the state of that time.
    if (membershipIn(memberEventOf(userId, events)?.content) === "join")
      seen.set(roomId, joinedRoom(roomId, events, { userId, targetUserId }));
  }
  return { rooms: seen, leftChats: leftChatsIn(answer.rooms, chats, userId) };
}

/**
 * @returns `null` if the source has not joined the room, or its server does not show it now; the
 * error if that takes too long
 */
async function readRoom(
  { client, userId }: WatchingAccount,
  roomId: string,
  { targetUserId, signal }: SourceLook,
): Promise<RoomSnapshot | UnreachableError | null> {
  const reader: Parameters<typeof readStateEvent>[0] = {
    request: (request) => client.request({ ...request, timeoutMs: ROOM_TIMEOUT_MS, signal }),
  };
  const events: RawStateEvent[] = [];
  try {
    for (const [type, stateKey] of [
      ["m.room.member", userId],
      ["m.room.member", targetUserId],
      ["m.room.join_rules", ""],
      ["m.room.server_acl", ""],
    ] as const) {
      const event = await readStateEvent(reader, roomId, type, stateKey);
      if (event !== null) events.push(event);
      if (stateKey === userId && membershipIn(event?.content) !== "join") return null;
    }
  } catch (error) {
    if (error instanceof UnreachableError && error.reason === "timeout") return error;
    if (isOfRoom(error)) return null;
    throw error;
  }
  return joinedRoom(roomId, events, { userId, targetUserId });
}

/** The chats whose partners have left them. One request a chat. */
async function readLeftChats(
  { client }: WatchingAccount,
  { chats, signal }: SourceLook,
): Promise<readonly string[]> {
  const reader: Parameters<typeof readStateEvent>[0] = {
    request: (request) => client.request({ ...request, timeoutMs: ROOM_TIMEOUT_MS, signal }),
  };
  const read = await concurrently(chats, CONCURRENCY, async ({ roomId, partner }) => {
    try {
      const event = await readStateEvent(reader, roomId, "m.room.member", partner);
      const membership = membershipIn(event?.content);
      return membership === "leave" || membership === "ban" ? [roomId] : [];
    } catch (error) {
      if (isOfRoom(error) || (error instanceof UnreachableError && error.reason === "timeout")) return [];
      throw error;
    }
  });
  return read.flat();
}

/** Whether a failed request concerns its room alone. */
function isOfRoom(error: unknown): boolean {
  if (!(error instanceof HomeserverError)) return false;
  return [403, 404].includes(error.status) || error.status >= 500;
}

function joinedRoom(
  roomId: string,
  events: readonly RawStateEvent[],
  { userId, targetUserId }: { userId: string; targetUserId: string },
): RoomSnapshot {
  return watchedSnapshot({
    roomId,
    ownUserId: userId,
    otherUserId: targetUserId,
    membership: "join",
    events: withJoinRule(events),
  });
}

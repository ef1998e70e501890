import { z } from "zod";
import type { WatchedChat } from "../../platform.ts";
import { isJsonObject } from "../api/json.ts";
import { maxRoomsAnswerBytes } from "../reading/limits.ts";
import { countOrNull, memberEventOf, membershipIn, objectAt, stateEventsOf } from "../reading/raw-events.ts";
import type { RequiredState } from "../reading/sliding-sync-request.ts";
import { slidingSyncRequest } from "../reading/sliding-sync-request.ts";
import type { RawStateEvent } from "../rooms/room-snapshot.ts";
import type { Membership, RoomSnapshot } from "../rooms/types.ts";
import { chatSubscriptions, isLeftAloneInSync, leftChatsIn } from "./left-chats.ts";
import type { Seen, SeenRooms, WatchingAccount } from "./watching-account.ts";
import { CONNECTION, TIMEOUT_MS, hasSlidingSync, watchedSnapshot } from "./watching-account.ts";

/** What the target is asked at one look. */
export interface TargetLook {
  readonly roomIds: readonly string[];
  /** Chats that the target has opened. */
  readonly chats: readonly WatchedChat[];
  readonly sourceUserId: string;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly signal: AbortSignal;
}

const INVITES = "invites";
const MAX_INVITES = 500;
const MAX_SYNCED_ROOMS = 2_000;
/** Servers refuse addresses above 8 KiB. A filter without rooms shows all of them. */
const MAX_FILTER_LENGTH = 4_000;
/** Synapse answers an identical request from its cache for two minutes. */
const TIMEOUT_SPREAD_MS = 1_000;

const syncSchema = z.object({ rooms: z.unknown().optional() });

/**
 * The watched rooms as the target's own server shows them, in one request, whatever the source's
 * server shows: invitations, knocks, joins, and rooms that removed the target.
 * @throws HomeserverError, UnreachableError
 */
export async function seeByTarget(target: WatchingAccount, look: TargetLook): Promise<Seen> {
  return hasSlidingSync(target) ? await bySlidingSync(target, look) : await bySync(target, look);
}

/**
 * Not all servers accept a subscription to a room that the account is only invited to, so a list is
 * requested too.
 */
async function bySlidingSync(
  { client, userId }: WatchingAccount,
  { roomIds, chats, sourceUserId, signal }: TargetLook,
): Promise<Seen> {
  const required_state: RequiredState = [["m.room.member", userId]];
  const invites = {
    ranges: [[0, MAX_INVITES - 1]],
    required_state: [["m.room.create", ""]],
    timeline_limit: 0,
    filters: { is_invite: true },
  } as const;
  const room_subscriptions = {
    ...chatSubscriptions(chats, userId),
    ...Object.fromEntries(roomIds.map((roomId) => [roomId, { required_state, timeline_limit: 0 }])),
  };
  const body = { conn_id: CONNECTION, extensions: {}, lists: { [INVITES]: invites }, room_subscriptions };
  const request = slidingSyncRequest(body, null, roomIds.length + chats.length + MAX_INVITES);
  const answer = await client.request({ ...request, timeoutMs: TIMEOUT_MS, signal });
  const leftChats = leftChatsIn(answer.rooms, chats, userId);
  const rooms = seenRooms(
    roomIds,
    (roomId) => {
      const room = answer.rooms?.[roomId];
      if (!isJsonObject(room)) return null;
      // Servers send the state of an invitation or a knock as `invite_state`. The merged text of
      // MSC4186 names it `stripped_state`.
      const events = [
        ...stateEventsOf(room["invite_state"] ?? room["stripped_state"]),
        ...stateEventsOf(room["required_state"]),
      ];
      // Only servers with the merged text send `membership` beside the state.
      const membership = membershipIn(memberEventOf(userId, events)?.content) ?? membershipIn(room);
      const membershipPosition = membership === "invite" ? countOrNull(room["bump_stamp"]) : null;
      return membership === null ? null : { membership, events, membershipPosition };
    },
    { userId, sourceUserId },
  );
  return { rooms, leftChats };
}

/**
 * Never sends `since`: on the session of a person's client that would delete to-device messages
 * (room keys) that the client has not fetched yet (platforms/matrix/README.md, "Reading an
 * account").
 */
async function bySync(
  { client, userId }: WatchingAccount,
  { roomIds, chats, sourceUserId, random, signal }: TargetLook,
): Promise<Seen> {
  const answer = await client.request({
    method: "GET",
    path: "/_matrix/client/v3/sync",
    query: {
      filter: filterFor([...roomIds, ...chats.map(({ roomId }) => roomId)]),
      set_presence: "offline",
      timeout: Math.floor(random() * TIMEOUT_SPREAD_MS),
    },
    schema: syncSchema,
    timeoutMs: TIMEOUT_MS,
    // Only members come, but for all rooms of the account if the watched ones are many.
    maxBytes: maxRoomsAnswerBytes(MAX_SYNCED_ROOMS),
    signal,
  });
  const all = objectAt(answer, "rooms");
  const sections = (["join", "invite", "knock", "leave"] as const).map(
    (section) => [section, objectAt(all, section)] as const,
  );
  const joined = objectAt(all, "join");
  const leftChats = chats.filter(({ roomId }) => isLeftAloneInSync(joined[roomId]));
  const rooms = seenRooms(
    roomIds,
    (roomId) => {
      for (const [section, inSection] of sections) {
        const room = inSection[roomId];
        if (isJsonObject(room)) return inSync(room, section, userId);
      }
      return null;
    },
    { userId, sourceUserId },
  );
  return { rooms, leftChats: leftChats.map(({ roomId }) => roomId) };
}

function inSync(
  room: Record<string, unknown>,
  section: "join" | "invite" | "knock" | "leave",
  userId: string,
): SeenRoom {
  const isStripped = section === "invite" || section === "knock";
  const events = isStripped
    ? stateEventsOf(objectAt(room, `${section}_state`)["events"])
    : [
        ...stateEventsOf(objectAt(room, "state")["events"]),
        ...stateEventsOf(objectAt(room, "timeline")["events"]),
      ];
  // Rooms that banned the account come in one section with those that it left.
  const isBanned = membershipIn(memberEventOf(userId, events)?.content) === "ban";
  return { membership: section === "leave" && isBanned ? "ban" : section, events };
}

function filterFor(roomIds: readonly string[]): string {
  const room = {
    include_leave: false,
    ephemeral: { types: [] },
    account_data: { types: [] },
    // The specification forbids a limit of 0.
    timeline: { limit: 1, types: [], not_types: ["*"] },
    state: { lazy_load_members: true, types: ["m.room.member"] },
  };
  const other = { presence: { types: [] }, account_data: { types: [] } };
  const named = JSON.stringify({ ...other, room: { rooms: roomIds, ...room } });
  return named.length <= MAX_FILTER_LENGTH ? named : JSON.stringify({ ...other, room });
}

interface SeenRoom {
  membership: Membership;
  events: readonly RawStateEvent[];
  membershipPosition?: number | null;
}

function seenRooms(
  roomIds: readonly string[],
  roomOf: (roomId: string) => SeenRoom | null,
  { userId, sourceUserId }: { userId: string; sourceUserId: string },
): SeenRooms {
  const seen = new Map<string, RoomSnapshot>();
  for (const roomId of roomIds) {
    const room = roomOf(roomId);
    if (room === null) continue;
    // Only the membership counts: rules in stripped state may be old.
    const events = room.events.filter(({ type }) => type === "m.room.member");
    seen.set(
      roomId,
      watchedSnapshot({ ...room, roomId, ownUserId: userId, otherUserId: sourceUserId, events }),
    );
  }
  return seen;
}

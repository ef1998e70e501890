import { randomUUID } from "node:crypto";
import type { AccessChanges } from "../../../model/room-routes.ts";
import type { AccessChange } from "../../../model/room-routes.ts";
import type { HomeserverClient } from "../api/homeserver-client.ts";
import { isJsonObject } from "../api/json.ts";
import { concurrently } from "../reading/concurrently.ts";
import { CONCURRENCY } from "../reading/limits.ts";
import { memberEventOf, membershipIn, stateEventsOf } from "../reading/raw-events.ts";
import type { RequiredState, SlidingSyncAnswer } from "../reading/sliding-sync-request.ts";
import { SLIDING_SYNC_FEATURE, slidingSyncRequest } from "../reading/sliding-sync-request.ts";
import { membershipNow, stateNow } from "../reading/state-now.ts";
import type { RawStateEvent } from "../rooms/room-snapshot.ts";
import { readJoinRules, readServerAcl } from "../rooms/state-content.ts";
import { ABSENT, UNREAD } from "../rooms/state-read.ts";
import type { SeenRoom, WatchedRoom } from "./access-change.ts";
import { accessChange } from "./access-change.ts";

/** One of the two accounts, with what a look needs. */
export interface WatchingAccount {
  readonly client: HomeserverClient;
  readonly userId: string;
  /** From discovery. */
  readonly features: { readonly unstableFeatures: Readonly<Record<string, boolean>> };
}

/** The input of one look at the watched rooms. */
export interface Look {
  readonly source: WatchingAccount;
  readonly target: WatchingAccount;
  /** Rooms that wait for a person, each once. */
  readonly rooms: readonly WatchedRoom[];
  /** Whether the target has joined a room. */
  readonly isJoined: (roomId: string) => boolean;
  readonly signal?: AbortSignal;
}

/**
 * One name for the process, which no client uses. A server keeps a connection's state for days. A
 * new connection replaces the earlier one of the same name (Synapse 1.163.2,
 * storage/databases/main/sliding_sync.py).
 */
const CONNECTION = `migrator-watch-${randomUUID()}`;
const INVITES = "invites";
const MAX_INVITES = 500;

/**
 * Looks once whether a person has let the target in, or whether a room has opened.
 * - With sliding sync: one request for all rooms that the source is in (about 1 kB a room), one for
 *   the others.
 * - Without: two requests for each room of the first kind (three if it opens), one for each of the
 *   second.
 *
 * Nothing is written, and no event that the person's client waits for is consumed. No limit counts
 * these requests. There are no retries: another look always follows.
 * @throws HomeserverError, UnreachableError
 */
export async function lookForAccessChanges(look: Look): Promise<AccessChanges> {
  const inside = look.rooms.filter((room) => room.isSourceJoined);
  const outside = look.rooms.filter((room) => !room.isSourceJoined);
  const seen = new Map([
    ...(inside.length === 0
      ? []
      : await (hasSlidingSync(look.source) ? seeFromInside : readFromInside)(look, inside)),
    ...(outside.length === 0
      ? []
      : await (hasSlidingSync(look.target) ? seeFromOutside : readFromOutside)(look, outside)),
  ]);
  const changes = new Map<string, AccessChange>();
  const context = { targetUserId: look.target.userId, isJoined: look.isJoined };
  for (const room of look.rooms) {
    const shown = seen.get(room.roomId);
    const change = shown === undefined ? null : accessChange(room, shown, context);
    if (change !== null) changes.set(room.roomId, change);
  }
  return changes;
}

type Seen = readonly (readonly [string, SeenRoom])[];

function hasSlidingSync({ features }: WatchingAccount): boolean {
  return features.unstableFeatures[SLIDING_SYNC_FEATURE] === true;
}

async function seeFromInside({ source, target, signal }: Look, rooms: readonly WatchedRoom[]): Promise<Seen> {
  const required_state: RequiredState = [
    ["m.room.member", target.userId],
    ["m.room.member", source.userId],
    ["m.room.join_rules", ""],
    ["m.room.server_acl", ""],
  ];
  const room_subscriptions = subscriptions(rooms, required_state);
  const answer = await slide(source.client, { room_subscriptions }, signal);
  return rooms.flatMap(({ roomId }) => {
    const events = eventsIn(answer, roomId);
    // After the source left, the server shows the state of that time.
    if (membershipIn(memberEventOf(source.userId, events)?.content) !== "join") return [];
    const rules = events.find(({ type }) => type === "m.room.join_rules");
    const acl = events.find(({ type }) => type === "m.room.server_acl");
    const shown: SeenRoom = {
      membership: membershipIn(memberEventOf(target.userId, events)?.content),
      joinRules: rules === undefined ? ABSENT : readJoinRules(rules.content),
      serverAcl: acl === undefined ? ABSENT : readServerAcl(acl.content),
    };
    return [[roomId, shown] as const];
  });
}

/**
 * Rooms that only the target's server can describe. Not all servers accept a subscription to a room
 * that the account is only invited to, so a list is requested too.
 */
async function seeFromOutside({ target, signal }: Look, rooms: readonly WatchedRoom[]): Promise<Seen> {
  const required_state: RequiredState = [["m.room.member", target.userId]];
  const invites = {
    ranges: [[0, MAX_INVITES - 1]],
    required_state: [["m.room.create", ""]],
    timeline_limit: 0,
    filters: { is_invite: true },
  } as const;
  const body = { lists: { [INVITES]: invites }, room_subscriptions: subscriptions(rooms, required_state) };
  const answer = await slide(target.client, body, signal);
  return rooms.flatMap(({ roomId }) => {
    const event = memberEventOf(target.userId, eventsIn(answer, roomId));
    // Only servers with the merged text of MSC4186 send `membership` beside the state.
    const membership = membershipIn(event?.content) ?? membershipIn(answer.rooms?.[roomId]);
    return membership === null
      ? []
      : [[roomId, { membership, joinRules: UNREAD, serverAcl: UNREAD }] as const];
  });
}

async function readFromInside(
  { source, target, isJoined, signal }: Look,
  rooms: readonly WatchedRoom[],
): Promise<Seen> {
  const context = { targetUserId: target.userId, isJoined };
  const seen = await concurrently(rooms, CONCURRENCY, async (room) => {
    const { client } = source;
    const { roomId } = room;
    const membership = await membershipNow(client, { roomId, userId: target.userId }, signal);
    if (membership === "hidden") return [];
    const rules = await stateNow(client, { roomId, type: "m.room.join_rules" }, signal);
    const shown: SeenRoom = {
      membership: membership === "none" ? null : membership,
      joinRules: rules === null ? ABSENT : readJoinRules(rules),
      serverAcl: UNREAD,
    };
    // The third request is sent only if it decides.
    if (accessChange(room, shown, context)?.kind !== "open") return [[roomId, shown] as const];
    const acl = await stateNow(client, { roomId, type: "m.room.server_acl" }, signal);
    return [[roomId, { ...shown, serverAcl: acl === null ? ABSENT : readServerAcl(acl) }] as const];
  });
  return seen.flat();
}

/**
 * Without sliding sync only a join is visible: an invited account does not see the room's state.
 */
async function readFromOutside({ target, signal }: Look, rooms: readonly WatchedRoom[]): Promise<Seen> {
  const seen = await concurrently(rooms, CONCURRENCY, async ({ roomId }) => {
    const membership = await membershipNow(target.client, { roomId, userId: target.userId }, signal);
    if (membership === "hidden" || membership === "none") return [];
    return [[roomId, { membership, joinRules: UNREAD, serverAcl: UNREAD }] as const];
  });
  return seen.flat();
}

function subscriptions(
  rooms: readonly WatchedRoom[],
  required_state: RequiredState,
): Record<string, { required_state: RequiredState; timeline_limit: number }> {
  return Object.fromEntries(rooms.map(({ roomId }) => [roomId, { required_state, timeline_limit: 0 }]));
}

async function slide(
  client: HomeserverClient,
  body: Omit<Parameters<typeof slidingSyncRequest>[0], "conn_id" | "extensions">,
  signal: AbortSignal | undefined,
): Promise<SlidingSyncAnswer> {
  const request = slidingSyncRequest({ conn_id: CONNECTION, extensions: {}, ...body }, null);
  return await client.request(signal === undefined ? request : { ...request, signal });
}

/**
 * Servers send the state of an invitation or a knock as `invite_state`. The merged text of MSC4186
 * names it `stripped_state`.
 */
function eventsIn(answer: SlidingSyncAnswer, roomId: string): RawStateEvent[] {
  const room = answer.rooms?.[roomId];
  if (!isJsonObject(room)) return [];
  return [
    ...stateEventsOf(room["invite_state"] ?? room["stripped_state"]),
    ...stateEventsOf(room["required_state"]),
  ];
}

import { z } from "zod";
import { UnreachableError } from "../../../network/unreachable-error.ts";
import { apiPath } from "../api/homeserver-client.ts";
import { isUnrecognized, unlessAbsent } from "../api/homeserver-error.ts";
import type { JsonObject } from "../api/json.ts";
import { isJsonObject, textOrNull } from "../api/json.ts";
import type { RawStateEvent, RoomReading } from "../rooms/room-snapshot.ts";
import { PLANNED_STATE_TYPES } from "../rooms/room-snapshot.ts";
import { roomVersionRules } from "../rooms/room-version.ts";
import type { Hero } from "../rooms/types.ts";
import { memberEventOf, membershipIn, stateEventsOf } from "./raw-events.ts";
import type { AccountPair } from "./room-collector.ts";
import { statePath } from "./state-now.ts";
import type { RoomReader } from "./unless-unreadable.ts";
import { isFailedRead, isRefusedForRoom } from "./unless-unreadable.ts";

/** The properties of a room that a listing has shown. */
export interface RoomHints {
  readonly joinedCount: number | null;
  readonly invitedCount: number | null;
  readonly heroes: readonly Hero[];
}

/** Up to this number of members all state is read by one request instead of piece by piece. */
const FEW_MEMBERS = 100;
/**
 * Former members are part of the state too. If they make it larger than this, it is read in pieces.
 */
const MAX_STATE_BYTES = 2 * 1_048_576;
/** Limit for the whole state of a room, which some servers need to show the sender of an event. */
const MAX_LARGE_STATE_BYTES = 8 * 1_048_576;
/** Limit for the children of a space. Servers return fewer. */
const MAX_SPACE_BYTES = 8 * 1_048_576;

const stateSchema = z.record(z.string(), z.unknown());

/**
 * Reads one joined room. 404 M_NOT_FOUND means that the event does not exist. Every other error is
 * thrown. Needs one request if the room is known to be small, otherwise thirteen, for a space
 * fourteen.
 *
 * Synapse answers a request for all state only when it has fetched the whole room, but sends single
 * events before that (platforms/matrix/README.md, "Reading an account").
 * @throws HomeserverError, UnreachableError
 */
export async function readRoom(
  reader: RoomReader,
  roomId: string,
  accounts: AccountPair,
  hints: RoomHints = { joinedCount: null, invitedCount: null, heroes: [] },
): Promise<RoomReading> {
  const { userId, otherUserId } = accounts;
  const isSmall = hints.joinedCount !== null && hints.joinedCount + (hints.invitedCount ?? 0) <= FEW_MEMBERS;
  const whole = isSmall ? await readWholeState(reader, roomId) : null;
  const { events, isOtherMemberRead } =
    whole === null ? await readPieces(reader, roomId, accounts) : { events: whole, isOtherMemberRead: true };
  const membership = membershipIn(memberEventOf(userId, events)?.content) ?? "join";
  const { joinedCount, invitedCount, heroes } = hints;
  const counts = { joinedCount, invitedCount, heroes };
  return {
    roomId,
    ownUserId: userId,
    otherUserId,
    membership,
    events,
    coverage: "full",
    isOtherMemberRead,
    ...counts,
  };
}

/** `null` if the state cannot be read in one piece. */
async function readWholeState(
  reader: RoomReader,
  roomId: string,
  maxBytes = MAX_STATE_BYTES,
): Promise<RawStateEvent[] | null> {
  const path = apiPath`/_matrix/client/v3/rooms/${roomId}/state`;
  try {
    const events = await reader.request(
      { method: "GET", path, schema: z.array(z.unknown()), maxBytes },
      { isTimeoutFinal: true },
    );
    return stateEventsOf(events).filter(isWorthKeeping);
  } catch (error) {
    if (isFailedRead(error) && !isRefusedForRoom(error)) return null;
    throw error;
  }
}

const KEPT_TYPES = new Set<string>([...PLANNED_STATE_TYPES, "m.space.child", "m.space.parent"]);

function isWorthKeeping({ type }: RawStateEvent): boolean {
  return KEPT_TYPES.has(type) || type === "m.room.member";
}

async function readPieces(
  reader: RoomReader,
  roomId: string,
  { userId, otherUserId, isOtherMemberNeeded }: AccountPair,
): Promise<{ events: RawStateEvent[]; isOtherMemberRead: boolean }> {
  const events: RawStateEvent[] = [];
  for (const [type, stateKey] of [
    ...PLANNED_STATE_TYPES.map((planned) => [planned, ""] as const),
    ["m.room.member", userId] as const,
  ]) {
    const event = await readStateEvent(reader, roomId, type, stateKey);
    if (event !== null) events.push(await withSender(reader, roomId, event));
  }
  const create = events.find(({ type }) => type === "m.room.create")?.content;
  const isSpace = isJsonObject(create) && create["type"] === "m.space";
  if (isSpace) events.push(...(await readSpaceChildren(reader, roomId)));
  if (!isOtherMemberNeeded) return { events, isOtherMemberRead: false };
  const other = await readStateEvent(reader, roomId, "m.room.member", otherUserId);
  return { events: other === null ? events : [...events, other], isOtherMemberRead: true };
}

/**
 * An `m.room.create` event with its sender, who has the most power from room version 12 on. A
 * server without `format=event` names the sender only in the whole state.
 * @throws UnreachableError if the sender decides and cannot be read
 */
async function withSender(reader: RoomReader, roomId: string, event: RawStateEvent): Promise<RawStateEvent> {
  if (event.type !== "m.room.create" || event.sender !== undefined || !isJsonObject(event.content))
    return event;
  const rules = roomVersionRules(textOrNull(event.content["room_version"]));
  if (rules?.isCreatorTheSender !== true) return event;
  const state = await readWholeState(reader, roomId, MAX_LARGE_STATE_BYTES);
  const whole = state?.find(({ type, state_key: stateKey }) => type === event.type && stateKey === "");
  if (whole === undefined && rules.hasInfiniteCreators)
    throw new UnreachableError("unexpected_answer", reader.host, "m.room.create sender");
  return whole ?? event;
}

/**
 * One state event; `null` if there is none. Servers without `format` (CS v1.16) send only the
 * content; the sender is then unknown.
 */
export async function readStateEvent(
  reader: Pick<RoomReader, "request">,
  roomId: string,
  type: string,
  stateKey: string,
): Promise<RawStateEvent | null> {
  const answer = await unlessAbsent(
    reader.request({
      method: "GET",
      path: statePath({ roomId, type, stateKey }),
      query: { format: "event" },
      schema: stateSchema,
    }),
  );
  if (answer === undefined) return null;
  const event =
    isJsonObject(answer) && isEvent(answer, type)
      ? stateEventsOf([{ ...answer, state_key: stateKey }])[0]
      : undefined;
  return event ?? { type, state_key: stateKey, content: answer };
}

function isEvent(answer: JsonObject, type: string): boolean {
  return (
    answer["type"] === type &&
    typeof answer["sender"] === "string" &&
    "content" in answer &&
    "origin_server_ts" in answer
  );
}

const hierarchySchema = z.object({
  rooms: z.array(z.object({ room_id: z.string(), children_state: z.array(z.unknown()).nullish() })).nullish(),
});

/**
 * The children of a space, for servers that cannot return state by type alone. None if the server
 * lacks the endpoint.
 */
export async function readSpaceChildren(reader: RoomReader, roomId: string): Promise<RawStateEvent[]> {
  const path = apiPath`/_matrix/client/v1/rooms/${roomId}/hierarchy`;
  try {
    const answer = await reader.request({
      method: "GET",
      path,
      query: { limit: 1, max_depth: 1 },
      schema: hierarchySchema,
      maxBytes: MAX_SPACE_BYTES,
    });
    const space = answer.rooms?.find((room) => room.room_id === roomId);
    return stateEventsOf(space?.children_state).filter(({ type }) => type === "m.space.child");
  } catch (error) {
    if (isUnrecognized(error)) return [];
    throw error;
  }
}

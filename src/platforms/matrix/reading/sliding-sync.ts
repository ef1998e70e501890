import { randomUUID } from "node:crypto";
import { UnreachableError } from "../../../network/unreachable-error.ts";
import { HomeserverError } from "../api/homeserver-error.ts";
import type { JsonObject } from "../api/json.ts";
import { isJsonObject, textOrNull } from "../api/json.ts";
import type { RawStateEvent } from "../rooms/room-snapshot.ts";
import type { Hero, Membership } from "../rooms/types.ts";
import { countOrNull, memberEventOf, membershipIn, objectAt, stateEventsOf } from "./raw-events.ts";
import type { Reader } from "./reader.ts";
import type { AccountPair } from "./room-collector.ts";
import { RoomCollector } from "./room-collector.ts";
import type { SlidingSyncAnswer } from "./sliding-sync-request.ts";
import { plannedState, slidingSyncRequest } from "./sliding-sync-request.ts";

/** Reported after each answer. */
export interface Progress {
  readonly read: number;
  /** The server's count, which may grow. */
  readonly total: number;
}

export interface SlidingSyncOptions {
  readonly accounts: AccountPair;
  readonly extraMembers: readonly string[];
  /** Rooms per request. */
  readonly window: number;
  /** Also fetches each room's last event, for its time. */
  readonly withLastActivity: boolean;
  readonly onProgress: (progress: Progress) => void;
}

const LIST = "rooms";
const MAX_RESTARTS = 3;
const SMALLEST_WINDOW = 20;

/**
 * Lists the account's rooms by simplified sliding sync (MSC4186), with everything that a plan
 * needs, whatever the size of the rooms.
 * - A connection that the server has forgotten (M_UNKNOWN_POS) is started again.
 * - If an answer is too large or takes too long, smaller parts are requested.
 */
export async function collectBySlidingSync(
  reader: Reader,
  options: SlidingSyncOptions,
): Promise<RoomCollector> {
  let { window } = options;
  for (let restarts = 0; ;) {
    try {
      return await collectOnce(reader, { ...options, window });
    } catch (error) {
      if (error instanceof HomeserverError && error.errcode === "M_UNKNOWN_POS" && restarts < MAX_RESTARTS)
        restarts += 1;
      else if (isTooMuch(error) && window > SMALLEST_WINDOW)
        window = Math.max(SMALLEST_WINDOW, Math.floor(window / 5));
      else throw error;
    }
  }
}

function isTooMuch(error: unknown): boolean {
  return error instanceof UnreachableError && (error.reason === "too_large" || error.reason === "timeout");
}

async function collectOnce(reader: Reader, options: SlidingSyncOptions): Promise<RoomCollector> {
  const { accounts, window } = options;
  const collector = new RoomCollector(accounts, reader.host);
  const connection = `migrator-${randomUUID()}`;
  const required_state = plannedState(accounts, options.extraMembers);
  const timeline_limit = options.withLastActivity ? 1 : 0;
  let pos: string | null = null;
  for (let end = window; ; end += window) {
    // The range always begins with the first room. A room that moves up the list between two
    // requests would be missed by a range that begins after it.
    const list = { ranges: [[0, end - 1]] as const, required_state, timeline_limit };
    const body = {
      conn_id: connection,
      lists: { [LIST]: list },
      extensions: { account_data: { enabled: true as const } },
    };
    // After the first answer a server sends only rooms that are new or have changed.
    const answer: SlidingSyncAnswer = await reader.request(slidingSyncRequest(body, pos, 2 * window), {
      isTimeoutFinal: true,
    });
    pos = answer.pos;
    const count = answer.lists?.[LIST]?.count;
    if (count === undefined) throw new UnreachableError("unexpected_answer", reader.host, "lists.count");
    const before = collector.size;
    addAnswer(collector, answer);
    options.onProgress({ read: collector.size, total: Math.max(count, collector.size) });
    // An answer without a new room is the last, whatever the server counts. `readAccount` finds
    // joined rooms that are missing.
    if (end >= count || collector.size === before) return collector;
  }
}

function addAnswer(collector: RoomCollector, answer: SlidingSyncAnswer): void {
  const accountData = objectAt(answer.extensions, "account_data");
  collector.addAccountData(accountData["global"]);
  for (const [roomId, events] of Object.entries(objectAt(accountData, "rooms")))
    collector.addRoomAccountData(roomId, events);
  for (const [roomId, room] of Object.entries(answer.rooms ?? {})) {
    // A room that appears again has changed meanwhile, and only the changes are sent. The first
    // listing is kept.
    if (!collector.has(roomId)) addRoom(collector, roomId, isJsonObject(room) ? room : {});
  }
}

function addRoom(collector: RoomCollector, roomId: string, room: JsonObject): void {
  const state = stateEventsOf(room["required_state"]);
  // Servers send `invite_state`, for knocks too. The merged text says `stripped_state`.
  const stripped = stateEventsOf(room["invite_state"] ?? room["stripped_state"] ?? room["knock_state"]);
  const events = [...stripped, ...state];
  const membership = membershipOf(room, events, collector.accounts.userId, stripped.length > 0);
  const isStripped = membership === "invite" || membership === "knock";
  collector.addRoom({
    roomId,
    membership,
    events,
    coverage: isStripped || membership === null ? "partial" : "full",
    // After the account left, the server shows the state at that time.
    isOtherMemberRead: collector.accounts.isOtherMemberNeeded && membership === "join",
    membershipPosition: isStripped ? countOrNull(room["bump_stamp"]) : null,
    joinedCount: countOrNull(room["joined_count"]),
    invitedCount: countOrNull(room["invited_count"]),
    heroes: heroesOf(room["heroes"]),
    lastActivityAt: lastActivityAt(room["timeline"]),
  });
}

function membershipOf(
  room: JsonObject,
  events: readonly RawStateEvent[],
  userId: string,
  isStripped: boolean,
): Membership | null {
  // Servers with the unstable shape send no `membership` beside the state. If there is one, both
  // agree.
  const shown = membershipIn(memberEventOf(userId, events)?.content) ?? membershipIn(room);
  return shown ?? (isStripped ? "invite" : null);
}

function heroesOf(list: unknown): Hero[] {
  const heroes: Hero[] = [];
  for (const hero of Array.isArray(list) ? list : []) {
    const userId = isJsonObject(hero) ? textOrNull(hero["user_id"]) : null;
    if (userId !== null && isJsonObject(hero))
      heroes.push({ userId, displayName: textOrNull(hero["displayname"]) });
  }
  return heroes;
}

/** `bump_stamp` is a position, not a time. */
function lastActivityAt(timeline: unknown): number | null {
  const last: unknown = Array.isArray(timeline) ? timeline.at(-1) : undefined;
  return isJsonObject(last) ? countOrNull(last["origin_server_ts"]) : null;
}

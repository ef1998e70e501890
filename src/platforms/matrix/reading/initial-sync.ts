import { z } from "zod";
import type { JsonObject } from "../api/json.ts";
import { isJsonObject, textOrNull } from "../api/json.ts";
import type { RawStateEvent } from "../rooms/room-snapshot.ts";
import { PLANNED_STATE_TYPES } from "../rooms/room-snapshot.ts";
import type { Hero, Membership } from "../rooms/types.ts";
import { maxRoomsAnswerBytes } from "./limits.ts";
import { countOrNull, membershipIn, objectAt, stateEventsOf } from "./raw-events.ts";
import type { Reader } from "./reader.ts";
import type { RoomCollector } from "./room-collector.ts";

// Large accounts take minutes on their first sync (platforms/matrix/README.md, "Reading an
// account").
const TIMEOUT_MS = 10 * 60_000;
/**
 * Synapse answers an identical request from its cache for two minutes, so each reading varies its
 * timeout.
 */
const TIMEOUT_SPREAD_MS = 1_000;

const MEMBER = "m.room.member";
/**
 * Everything that a plan needs. With lazy loading only the member events of the account and of
 * heroes come.
 */
const WHOLE_STATE = [...PLANNED_STATE_TYPES, "m.space.child", "m.space.parent", MEMBER];

const syncSchema = z.object({ rooms: z.unknown().optional(), account_data: z.unknown().optional() });

/**
 * Reads all rooms and all account data by one initial `/sync`.
 *
 * It never sends `since`: on the session of a person's client that would delete to-device messages
 * (room keys) that the client has not fetched yet (platforms/matrix/README.md, "Reading an
 * account").
 * @param state `whole`: everything that a plan needs. `members`: only the events that distinguish
 * joined rooms from others, for a server that cannot send the whole state
 * @param joinedCount the number of joined rooms, which limits the answer
 */
export async function collectBySync(
  reader: Reader,
  collector: RoomCollector,
  state: "whole" | "members",
  joinedCount: number,
): Promise<void> {
  const answer = await reader.request(
    {
      method: "GET",
      path: "/_matrix/client/v3/sync",
      query: {
        filter: JSON.stringify(filterFor(state)),
        set_presence: "offline",
        timeout: Math.floor(reader.random() * TIMEOUT_SPREAD_MS),
      },
      schema: syncSchema,
      timeoutMs: TIMEOUT_MS,
      maxBytes: maxRoomsAnswerBytes(joinedCount),
    },
    // After ten minutes Synapse may still be working. It answers a second request with the result
    // of the first.
    { retries: 2 },
  );
  collector.addAccountData(objectAt(answer, "account_data")["events"]);
  const rooms = objectAt(answer, "rooms");
  for (const [section, membership] of [
    ["join", "join"],
    ["invite", "invite"],
    ["knock", "knock"],
    ["leave", "leave"],
  ] as const) {
    for (const [roomId, room] of Object.entries(objectAt(rooms, section))) {
      addRoom(collector, roomId, isJsonObject(room) ? room : {}, membership, state);
    }
  }
}

function filterFor(state: "whole" | "members"): JsonObject {
  return {
    presence: { types: [] },
    room: {
      include_leave: false,
      ephemeral: { types: [] },
      // The specification forbids a limit of 0. Without types Synapse reads no timeline and returns
      // the current state.
      timeline: { limit: 1, types: [], not_types: ["*"] },
      state: { lazy_load_members: true, types: state === "whole" ? WHOLE_STATE : [MEMBER] },
    },
  };
}

function addRoom(
  collector: RoomCollector,
  roomId: string,
  room: JsonObject,
  section: Extract<Membership, "join" | "invite" | "knock" | "leave">,
  state: "whole" | "members",
): void {
  collector.addRoomAccountData(roomId, objectAt(room, "account_data")["events"]);
  const isStripped = section === "invite" || section === "knock";
  const events = isStripped
    ? stateEventsOf(objectAt(room, `${section}_state`)["events"])
    : // A server that does not heed the filter sends the latest state in the timeline.
      [
        ...stateEventsOf(objectAt(room, "state")["events"]),
        ...stateEventsOf(objectAt(room, "timeline")["events"]),
      ];
  const members = new Map(
    events.filter(({ type }) => type === MEMBER).map((event) => [event.state_key, event]),
  );
  const summary = objectAt(room, "summary");
  collector.addRoom({
    roomId,
    membership: section === "leave" ? pastMembership(members.get(collector.accounts.userId)) : section,
    events,
    coverage: isStripped || state === "members" ? "partial" : "full",
    // Members are loaded lazily, so a missing one may still be in the room.
    isOtherMemberRead: false,
    joinedCount: countOrNull(summary["m.joined_member_count"]),
    invitedCount: countOrNull(summary["m.invited_member_count"]),
    heroes: heroesOf(summary["m.heroes"], members),
  });
}

/** Kicked and banned rooms come in one section, which Synapse sends without a request for it. */
function pastMembership(own: RawStateEvent | undefined): Membership {
  const membership = membershipIn(own?.content);
  return membership === null || membership === "join" ? "leave" : membership;
}

function heroesOf(list: unknown, members: ReadonlyMap<string, RawStateEvent>): Hero[] {
  const userIds = Array.isArray(list) ? list.filter((userId) => typeof userId === "string") : [];
  return userIds.map((userId) => {
    const content = members.get(userId)?.content;
    return { userId, displayName: isJsonObject(content) ? textOrNull(content["displayname"]) : null };
  });
}

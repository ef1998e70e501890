import { randomUUID } from "node:crypto";
import { isJsonObject } from "../api/json.ts";
import type { MembersNeeded } from "../planning/people.ts";
import type { KnownMember } from "../rooms/types.ts";
import { ABSENT_MEMBER, knownMember, stateEventsOf } from "./raw-events.ts";
import type { Reader } from "./reader.ts";
import { slidingSyncRequest } from "./sliding-sync-request.ts";

const MAX_ROOMS_A_REQUEST = 100;
const MAX_MEMBERS_A_REQUEST = 4_000;

/**
 * The member events of named users in many rooms at once, by room subscriptions. Rooms without an
 * answer are missing.
 */
export async function readMembersBySlidingSync(
  reader: Reader,
  needs: readonly MembersNeeded[],
): Promise<Map<string, Map<string, KnownMember>>> {
  const found = new Map<string, Map<string, KnownMember>>();
  for (const batch of batches(needs)) {
    const subscriptions = batch.map(({ roomId, userIds }) => {
      const required_state = [...new Set(userIds)].map((userId) => ["m.room.member", userId] as const);
      return [roomId, { required_state, timeline_limit: 0 }] as const;
    });
    const body = {
      conn_id: `migrator-${randomUUID()}`,
      room_subscriptions: Object.fromEntries(subscriptions),
      extensions: {},
    };
    const answer = await reader.request(slidingSyncRequest(body, null, batch.length), {
      isTimeoutFinal: true,
    });
    for (const { roomId, userIds } of batch) {
      const room = answer.rooms?.[roomId];
      if (isJsonObject(room)) found.set(roomId, membersOf(room["required_state"], userIds));
    }
  }
  return found;
}

function membersOf(state: unknown, userIds: readonly string[]): Map<string, KnownMember> {
  const events = stateEventsOf(state).filter(({ type }) => type === "m.room.member");
  const shown = new Map(events.map((event) => [event.state_key, knownMember(event.content)]));
  return new Map(userIds.map((userId) => [userId, shown.get(userId) ?? ABSENT_MEMBER]));
}

function batches(needs: readonly MembersNeeded[]): MembersNeeded[][] {
  const batches: MembersNeeded[][] = [];
  let members = 0;
  for (const need of needs) {
    const current = batches.at(-1);
    members += need.userIds.length;
    if (current !== undefined && current.length < MAX_ROOMS_A_REQUEST && members <= MAX_MEMBERS_A_REQUEST) {
      current.push(need);
    } else {
      batches.push([need]);
      members = need.userIds.length;
    }
  }
  return batches;
}

import type { WatchedChat } from "../../platform.ts";
import { isJsonObject } from "../api/json.ts";
import { countOrNull, memberEventOf, membershipIn, objectAt, stateEventsOf } from "../reading/raw-events.ts";
import type { RequiredState } from "../reading/sliding-sync-request.ts";
import { isLeftAlone } from "../rooms/left-alone.ts";

/** The subscriptions of sliding sync that show whether an account is alone in its chats. */
export function chatSubscriptions(
  chats: readonly WatchedChat[],
  ownUserId: string,
): Record<string, { required_state: RequiredState; timeline_limit: number }> {
  const required_state: RequiredState = [["m.room.member", ownUserId]];
  return Object.fromEntries(chats.map(({ roomId }) => [roomId, { required_state, timeline_limit: 0 }]));
}

/** The chats that are left, by an answer of sliding sync. */
export function leftChatsIn(
  rooms: Readonly<Record<string, unknown>> | null | undefined,
  chats: readonly WatchedChat[],
  ownUserId: string,
): string[] {
  return chats
    .map(({ roomId }) => roomId)
    .filter((roomId) => {
      const room = rooms?.[roomId];
      if (!isJsonObject(room)) return false;
      const own = memberEventOf(ownUserId, stateEventsOf(room["required_state"]));
      return isLeftAlone({
        membership: membershipIn(own?.content),
        joinedCount: countOrNull(room["joined_count"]),
        invitedCount: countOrNull(room["invited_count"]),
      });
    });
}

/** The same for a joined room of `GET /sync` (CS §/sync, RoomSummary). */
export function isLeftAloneInSync(room: unknown): boolean {
  const summary = objectAt(room, "summary");
  return isLeftAlone({
    membership: "join",
    joinedCount: countOrNull(summary["m.joined_member_count"]),
    invitedCount: countOrNull(summary["m.invited_member_count"]),
  });
}

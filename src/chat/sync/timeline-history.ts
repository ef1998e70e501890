import type { SyncResponse, TimelineEvent } from "./sync-response.ts";
import { isMembership } from "./sync-response.ts";

/**
 * Removes history from a sync:
 * 1. Everything in a first sync. If the data directory was lost, old commands must not run again.
 * 2. In a room just joined, everything before the invitation. Messages between the invitation and
 *   the join were meant for the bot and stay.
 */
export function withoutHistory(
  response: SyncResponse,
  { userId, isInitialSync }: { userId: string; isInitialSync: boolean },
): void {
  for (const room of Object.values(response.rooms?.join ?? {})) {
    if (!room.timeline) continue;
    const { events } = room.timeline;
    const from = isInitialSync ? events.length : listeningFrom(events, userId);
    room.timeline.events = events.filter((event, index) => index >= from || !isSaid(event));
  }
}

function listeningFrom(events: readonly TimelineEvent[], userId: string): number {
  const invitedAt = events.findLastIndex((event) => isMembership(event, userId, "invite"));
  if (invitedAt !== -1) return invitedAt;
  return Math.max(
    0,
    events.findIndex((event) => isMembership(event, userId, "join")),
  );
}

function isSaid(event: TimelineEvent): boolean {
  return event.type === "m.room.message" || event.type === "m.room.encrypted" || event.type === "m.reaction";
}

import type { SyncResponse, TimelineEvent } from "./sync-response.ts";
import { isMembership } from "./sync-response.ts";

/**
 * Takes out of a sync what was said before the bot listened: everything in a first sync (a lost
 * data directory must not run old commands again), and in a room just joined what stands before the
 * invitation. What was written between invitation and join was meant for the bot, and stays.
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

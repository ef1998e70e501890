import type { MatrixClient, MatrixEvent, Room } from "matrix-js-sdk";
import { ClientEvent, MatrixEventEvent, RoomEvent, RoomMemberEvent } from "matrix-js-sdk";
import type { PersonReport } from "./protocol.ts";
import { takeSnapshot } from "./snapshot.ts";

const PAGE_SIZE = 100;

/**
 * Reports every timeline event in the server's order, and again whenever it looks different, and
 * every membership.
 */
export function observe(client: MatrixClient, report: (notice: PersonReport) => void): void {
  const observedEvents = new Set<string>();
  const observedRooms = new Set<string>();
  const roomsWithGap = new Set<string>();
  // Snapshots are asynchronous. One chain keeps them in order.
  let reporting = Promise.resolve();

  function reportLater(event: MatrixEvent, before?: string): void {
    reporting = reporting.then(async () => {
      // Reported after the first attempt to decrypt it. So the events before a reported one are
      // final too.
      await client.decryptEventIfNeeded(event);
      const message = await takeSnapshot(client, event);
      report({ kind: "message", message, ...(before !== undefined && { before }) });
    });
  }

  function observeEvent(room: Room, event: MatrixEvent, before?: string): void {
    const eventId = event.getId() ?? "";
    if (observedEvents.has(eventId)) return;
    observedEvents.add(eventId);
    observedRooms.add(room.roomId);
    reportLater(event, before);
    event.on(MatrixEventEvent.Replaced, () => reportLater(event));
    // Emitted just before the content is removed. The snapshot is taken afterwards.
    event.on(MatrixEventEvent.BeforeRedaction, () => reportLater(event));
    event.on(MatrixEventEvent.Decrypted, () => {
      reportLater(event);
      const edited = event.isRelation("m.replace")
        ? room.findEventById(event.relationEventId ?? "")
        : undefined;
      if (edited !== undefined) reportLater(edited);
    });
  }

  // Sync reports events in the server's order, own events included. The timeline has the object
  // that is kept up to date.
  client.on(ClientEvent.Event, (told) => {
    const room = client.getRoom(told.getRoomId());
    const event = room?.findEventById(told.getId() ?? "");
    if (room === null || event === undefined) return;
    observeEvent(room, event);
    // If the server does not answer, the next event tries again.
    if (roomsWithGap.delete(room.roomId)) fillGap(room).catch(() => roomsWithGap.add(room.roomId));
  });

  client.on(RoomEvent.TimelineReset, (room) => {
    if (room !== undefined && observedRooms.has(room.roomId)) roomsWithGap.add(room.roomId);
  });

  // When more happened between two syncs than one answer holds, the rest is fetched page by page
  // until a known event is reached.
  async function fillGap(room: Room): Promise<void> {
    const timeline = room.getLiveTimeline();
    let hasMore = true;
    while (hasMore) {
      hasMore = await client.paginateEventTimeline(timeline, { backwards: true, limit: PAGE_SIZE });
      const events = timeline.getEvents();
      for (const [index, event] of [...events.entries()].reverse())
        observeEvent(room, event, events[index + 1]?.getId());
    }
  }

  client.on(RoomMemberEvent.Membership, (event, member) => {
    report({
      kind: "membership",
      roomId: member.roomId,
      userId: member.userId,
      membership: member.membership ?? "leave",
      sender: event.getSender() ?? "",
    });
  });
}

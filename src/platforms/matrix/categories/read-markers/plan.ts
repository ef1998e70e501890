import { z } from "zod";
import type { NotMoved, NotMovedCode } from "../../../../model/not-moved.ts";
import { stages } from "../../../../model/step.ts";
import { isJsonObject } from "../../api/json.ts";
import { isEventId } from "../../ids/identifiers.ts";
import type { RoomIdOnTarget } from "../../planning/room-mapping.ts";
import type { CategoryPlan } from "../category-plan.ts";
import type { Comparison, Desired } from "../comparison.ts";
import { compareItems } from "../comparison.ts";

/** The event up to which a room is read (CS §Fully read markers). */
export const readMarkerSchema = z.object({ roomId: z.string(), eventId: z.string() });
export type ReadMarker = z.output<typeof readMarkerSchema>;

/** The type of a room's account data that holds the marker. */
export const READ_MARKER_TYPE = "m.fully_read";

/**
 * The fully read markers of rooms. Any marker of the target counts. Markers only move forward, so
 * the target has read on since it was set. Which of two events is later is known only from the
 * room's history.
 */
export const readMarkersPlan: CategoryPlan<Comparison<ReadMarker>, ReadMarker> = {
  name: "read_markers",
  accountDataType: READ_MARKER_TYPE,
  isWholeList: false,
  partAbout: (item, roomIds) => (roomIds.has(item.roomId) ? item : null),
  compare(source, target, roomIdOnTarget) {
    const existing = desiredMarkers(target.roomAccountData, (roomId) => roomId).items;
    const roomIds = new Set(existing.map(({ roomId }) => roomId));
    return compareItems(
      "read_markers",
      desiredMarkers(source.roomAccountData, roomIdOnTarget),
      ({ roomId }) => roomId,
      ({ roomId }) => (roomIds.has(roomId) ? "present" : "missing"),
    );
  },
  steps({ missingItems }) {
    return missingItems.map(({ roomId, eventId }) => ({
      key: `read_marker:${roomId}`,
      stage: stages.rooms,
      roomId,
      payload: { roomId, eventId },
    }));
  },
};

/** A marker names an event of its own room, so it cannot follow the room to its replacement. */
function desiredMarkers(
  roomAccountData: ReadonlyMap<string, ReadonlyMap<string, unknown>>,
  roomIdOnTarget: RoomIdOnTarget,
): Desired<ReadMarker> {
  const items: ReadMarker[] = [];
  const notMoved: NotMoved[] = [];
  for (const [roomId, byType] of roomAccountData) {
    const content = byType.get(READ_MARKER_TYPE);
    if (content === undefined) continue;
    const eventId = isJsonObject(content) ? content["event_id"] : null;
    const targetRoomId = roomIdOnTarget(roomId);
    if (targetRoomId === null) leave(roomId, "room_not_moved");
    else if (targetRoomId !== roomId) leave(roomId, "room_replaced");
    else if (typeof eventId !== "string" || !isEventId(eventId)) leave(roomId, "malformed");
    else items.push({ roomId, eventId });
  }
  function leave(item: string, code: NotMovedCode): void {
    notMoved.push({ category: "read_markers", item, code });
  }
  return { items, notMoved };
}

import type { Desired } from "../comparison.ts";
import { isEventId } from "../../ids/identifiers.ts";
import { isJsonObject } from "../../api/json.ts";
import type { NotMoved, NotMovedCode } from "../not-moved.ts";
import type { RoomIdOnTarget } from "../../planning/room-mapping.ts";

/** Up to which event a room is read (`m.fully_read`). */
export interface ReadMarker {
  readonly roomId: string;
  readonly eventId: string;
}

/** A marker names an event of its own room, so it cannot follow the room to a replacement. */
export function desiredReadMarkers(
  roomAccountData: ReadonlyMap<string, ReadonlyMap<string, unknown>>,
  roomIdOnTarget: RoomIdOnTarget,
): Desired<ReadMarker> {
  const wanted: ReadMarker[] = [];
  const notMoved: NotMoved[] = [];
  for (const [roomId, byType] of roomAccountData) {
    const content = byType.get("m.fully_read");
    if (content === undefined) continue;
    const eventId = isJsonObject(content) ? content["event_id"] : null;
    const targetRoomId = roomIdOnTarget(roomId);
    if (targetRoomId === null) leave(roomId, "room_not_moved");
    else if (targetRoomId !== roomId) leave(roomId, "room_replaced");
    else if (typeof eventId !== "string" || !isEventId(eventId)) leave(roomId, "malformed");
    else wanted.push({ roomId, eventId });
  }
  function leave(item: string, code: NotMovedCode): void {
    notMoved.push({ category: "read_markers", item, code });
  }
  return { wanted, notMoved };
}

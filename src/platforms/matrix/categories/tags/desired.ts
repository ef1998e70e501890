import type { Desired } from "../comparison.ts";
import type { NotMoved } from "../not-moved.ts";
import { isPathSegment } from "../../api/path-segment.ts";
import type { RoomTag } from "../../reading/raw-events.ts";
import { movedRooms } from "../../planning/room-mapping.ts";
import type { RoomIdOnTarget } from "../../planning/room-mapping.ts";

/** A tag that a room of the target should have. */
export interface DesiredTag extends RoomTag {
  readonly roomId: string;
}

/** CS §Room Tagging, "Tags". */
const MAX_BYTES = 255;

/**
 * `m.server_notice` is a server's to give; the rest is the person's (protocol-facts.md section 5).
 */
export function desiredTags(
  roomTags: ReadonlyMap<string, readonly RoomTag[]>,
  roomIdOnTarget: RoomIdOnTarget,
): Desired<DesiredTag> {
  const notMoved: NotMoved[] = [];
  const { moved, left } = movedRooms(roomTags.keys(), roomIdOnTarget);
  for (const roomId of left) {
    for (const { name } of roomTags.get(roomId) ?? []) {
      notMoved.push({ category: "tags", item: `${roomId} ${name}`, code: "room_not_moved" });
    }
  }
  const byRoom = new Map<string, Map<string, DesiredTag>>();
  for (const { roomId, targetRoomId } of moved) {
    const tags = byRoom.get(targetRoomId) ?? new Map<string, DesiredTag>();
    byRoom.set(targetRoomId, tags);
    for (const { name, order } of roomTags.get(roomId) ?? []) {
      const code = whyLeft(name);
      if (code !== null) notMoved.push({ category: "tags", item: `${roomId} ${name}`, code });
      else if (!tags.has(name)) tags.set(name, { roomId: targetRoomId, name, order });
    }
  }
  return { wanted: [...byRoom.values()].flatMap((tags) => [...tags.values()]), notMoved };
}

function whyLeft(name: string): "bound_to_server" | "malformed" | null {
  if (name === "m.server_notice") return "bound_to_server";
  return !isPathSegment(name) || Buffer.byteLength(name) > MAX_BYTES ? "malformed" : null;
}

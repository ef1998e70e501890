import { z } from "zod";
import type { NotMoved } from "../../../../model/not-moved.ts";
import { stages } from "../../../../model/step.ts";
import { isPathSegment } from "../../api/path-segment.ts";
import type { RoomIdOnTarget } from "../../planning/room-mapping.ts";
import { movedRooms } from "../../planning/room-mapping.ts";
import type { RoomTag } from "../../reading/raw-events.ts";
import type { CategoryPlan } from "../category-plan.ts";
import type { Comparison, Desired } from "../comparison.ts";
import { compareItems } from "../comparison.ts";

/** The payload of a step and its undo record: tags of one room. */
export const roomTagsSchema = z.object({
  roomId: z.string(),
  tags: z.array(z.object({ name: z.string(), order: z.number().nullable() })),
});
export type RoomTags = z.output<typeof roomTagsSchema>;

/** A tag that a room of the target should have. */
interface DesiredTag extends RoomTag {
  readonly roomId: string;
}

/** The maximum length of a tag (CS §Room Tagging, "Tags"). */
const MAX_TAG_BYTES = 255;

/**
 * The tags of rooms. A tag is present if the target has it with any order. A different order is the
 * target's own choice.
 */
export const tagsPlan: CategoryPlan<Comparison<DesiredTag>, RoomTags> = {
  name: "tags",
  accountDataType: "m.tag",
  isWholeList: false,
  partAbout: (item, roomIds) => (roomIds.has(item.roomId) ? item : null),
  compare(source, target, roomIdOnTarget) {
    const existing = new Map(
      [...target.roomTags].map(([roomId, tags]) => [roomId, new Set(tags.map(({ name }) => name))]),
    );
    return compareItems(
      "tags",
      desiredTags(source.roomTags, roomIdOnTarget),
      ({ roomId, name }) => `${roomId} ${name}`,
      ({ roomId, name }) => (existing.get(roomId)?.has(name) === true ? "present" : "missing"),
    );
  },
  /**
   * One step a room: Synapse accepts tags only for joined rooms (platforms/matrix/README.md,
   * "Account data").
   */
  steps({ missingItems }) {
    const byRoom = Map.groupBy(missingItems, ({ roomId }) => roomId);
    return [...byRoom].map(([roomId, tags]) => ({
      key: `tags:${roomId}`,
      stage: stages.rooms,
      roomId,
      payload: { roomId, tags: tags.map(({ name, order }) => ({ name, order })) },
    }));
  },
};

/** Only servers set `m.server_notice`. All other tags are the person's own. */
function desiredTags(
  roomTags: ReadonlyMap<string, readonly RoomTag[]>,
  roomIdOnTarget: RoomIdOnTarget,
): Desired<DesiredTag> {
  const notMoved: NotMoved[] = [];
  const { moved, unmovedRoomIds } = movedRooms(roomTags.keys(), roomIdOnTarget);
  for (const roomId of unmovedRoomIds) {
    for (const { name } of roomTags.get(roomId) ?? []) {
      notMoved.push({ category: "tags", item: `${roomId} ${name}`, code: "room_not_moved" });
    }
  }
  const byRoom = new Map<string, Map<string, DesiredTag>>();
  for (const { roomId, targetRoomId } of moved) {
    const tags = byRoom.get(targetRoomId) ?? new Map<string, DesiredTag>();
    byRoom.set(targetRoomId, tags);
    for (const { name, order } of roomTags.get(roomId) ?? []) {
      const code = whyTagIsNotMoved(name);
      if (code !== null) notMoved.push({ category: "tags", item: `${roomId} ${name}`, code });
      else if (!tags.has(name)) tags.set(name, { roomId: targetRoomId, name, order });
    }
  }
  return { items: [...byRoom.values()].flatMap((tags) => [...tags.values()]), notMoved };
}

/** `null`: a tag of this name is moved with its room. */
export function whyTagIsNotMoved(name: string): "bound_to_server" | "malformed" | null {
  if (name === "m.server_notice") return "bound_to_server";
  return !isPathSegment(name) || Buffer.byteLength(name) > MAX_TAG_BYTES ? "malformed" : null;
}

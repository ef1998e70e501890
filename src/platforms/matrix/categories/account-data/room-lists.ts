import { isJsonObject } from "../../api/json.ts";
import type { JsonObject } from "../../api/json.ts";
import type { RoomIdOnTarget } from "../../planning/room-mapping.ts";

/**
 * Lists of room IDs, which nobody needs of rooms that are not moved (protocol-facts.md section 5):
 * type and key.
 */
const LISTS: ReadonlyMap<string, string> = new Map([
  ["im.vector.web.settings", "SpotlightSearch.recentSearches"],
  ["im.vector.setting.breadcrumbs", "recent_rooms"],
  ["im.vector.riot.breadcrumb_rooms", "rooms"],
]);

/**
 * Image packs by the room that offers them (MSC2545). A pack of a room that is not moved waits for
 * a person who finds another way in.
 */
const PACKS: ReadonlySet<string> = new Set(["m.image_pack.rooms", "im.ponies.emote_rooms"]);

/**
 * The same content with the rooms as they are on the target.
 * @returns `null` when nothing is left of it
 */
export function withRoomsOnTarget(
  type: string,
  content: JsonObject,
  roomIdOnTarget: RoomIdOnTarget,
): JsonObject | null {
  const key = LISTS.get(type);
  if (key !== undefined) return withList(content, key, roomIdOnTarget);
  const packs = PACKS.has(type) ? content["rooms"] : null;
  if (!isJsonObject(packs)) return content;
  const mapped = new Map<string, unknown>();
  for (const [roomId, pack] of Object.entries(packs)) {
    const targetRoomId = roomIdOnTarget(roomId) ?? roomId;
    if (targetRoomId === roomId || !mapped.has(targetRoomId)) mapped.set(targetRoomId, pack);
  }
  return { ...content, rooms: Object.fromEntries(mapped) };
}

function withList(content: JsonObject, key: string, roomIdOnTarget: RoomIdOnTarget): JsonObject | null {
  const list = content[key];
  if (!Array.isArray(list)) return content;
  const roomIds = new Set<string>();
  for (const roomId of list) {
    const targetRoomId = typeof roomId === "string" ? roomIdOnTarget(roomId) : null;
    if (targetRoomId !== null) roomIds.add(targetRoomId);
  }
  const { [key]: _list, ...rest } = content;
  if (roomIds.size > 0) return { ...rest, [key]: [...roomIds] };
  return Object.keys(rest).length > 0 ? rest : null;
}

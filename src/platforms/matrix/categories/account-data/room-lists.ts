import type { JsonObject } from "../../api/json.ts";
import { isJsonObject } from "../../api/json.ts";
import type { RoomIdOnTarget } from "../../planning/room-mapping.ts";

/**
 * Types that hold a list of room IDs, with the key of the list. Rooms that are not moved are
 * useless in it (platforms/matrix/README.md, "Account data").
 */
const LISTS: ReadonlyMap<string, string> = new Map([
  ["im.vector.web.settings", "SpotlightSearch.recentSearches"],
  ["im.vector.setting.breadcrumbs", "recent_rooms"],
  ["im.vector.riot.breadcrumb_rooms", "rooms"],
]);

/**
 * Types that hold image packs by the room that offers them (MSC2545). The pack of a room that is
 * not moved is kept, because the person may get into the room by other means.
 */
const PACKS: ReadonlySet<string> = new Set(["m.image_pack.rooms", "im.ponies.emote_rooms"]);

/**
 * The content with the room IDs that the rooms have on the target.
 * @returns `null` if the content is empty without the rooms that are not moved
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

/**
 * The entries of a content that name some rooms.
 * @param content the content on the target
 * @returns `null` if there are none, or if the type names no rooms
 */
export function partAboutRooms(
  type: string,
  content: JsonObject,
  roomIds: ReadonlySet<string>,
): JsonObject | null {
  const key = LISTS.get(type);
  if (key !== undefined) {
    const list = content[key];
    const part = Array.isArray(list) ? list.filter((roomId) => roomIds.has(String(roomId))) : [];
    return part.length === 0 ? null : { [key]: part };
  }
  const packs = PACKS.has(type) ? content["rooms"] : null;
  if (!isJsonObject(packs)) return null;
  const part = Object.entries(packs).filter(([roomId]) => roomIds.has(roomId));
  return part.length === 0 ? null : { rooms: Object.fromEntries(part) };
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

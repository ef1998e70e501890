import { desiredContent } from "../account-data/desired-content.ts";
import type { DesiredContent } from "../account-data/desired-content.ts";
import type { Desired } from "../comparison.ts";
import { isJsonObject } from "../../api/json.ts";
import type { NotMoved } from "../not-moved.ts";
import { movedRooms } from "../../planning/room-mapping.ts";
import type { RoomIdOnTarget } from "../../planning/room-mapping.ts";

export interface DesiredRoomSetting extends DesiredContent {
  readonly roomId: string;
  readonly type: string;
}

/** They have endpoints and categories of their own. */
const ELSEWHERE: ReadonlySet<string> = new Set(["m.tag", "m.fully_read"]);

const MARKED_UNREAD: ReadonlySet<string> = new Set(["m.marked_unread", "com.famedly.marked_unread"]);

/** Account data of rooms by the table in protocol-facts.md section 5. */
export function desiredRoomSettings(
  roomAccountData: ReadonlyMap<string, ReadonlyMap<string, unknown>>,
  roomIdOnTarget: RoomIdOnTarget,
): Desired<DesiredRoomSetting> {
  const notMoved: NotMoved[] = [];
  const { moved, left } = movedRooms(roomAccountData.keys(), roomIdOnTarget);
  const byRoom = new Map<string, Map<string, DesiredRoomSetting>>();
  for (const { roomId, targetRoomId } of moved) {
    const settings = byRoom.get(targetRoomId) ?? new Map<string, DesiredRoomSetting>();
    byRoom.set(targetRoomId, settings);
    for (const [type, found] of settingsOf(roomId)) {
      if (typeof found === "string")
        notMoved.push({ category: "room_settings", item: `${roomId} ${type}`, code: found });
      else if (!settings.has(type)) settings.set(type, { roomId: targetRoomId, type, ...found });
    }
  }
  for (const roomId of left) {
    for (const [type, found] of settingsOf(roomId)) {
      const code = typeof found === "string" ? found : "room_not_moved";
      notMoved.push({ category: "room_settings", item: `${roomId} ${type}`, code });
    }
  }
  return { wanted: [...byRoom.values()].flatMap((settings) => [...settings.values()]), notMoved };

  function* settingsOf(
    roomId: string,
  ): Generator<[type: string, found: NonNullable<ReturnType<typeof desiredContent>>]> {
    for (const [type, content] of roomAccountData.get(roomId) ?? []) {
      if (ELSEWHERE.has(type) || isRead(type, content)) continue;
      const found = desiredContent(type, content, roomIdOnTarget);
      if (found !== null) yield [type, found];
    }
  }
}

/**
 * A room that was marked unread once and is no more: the same as one never marked (CS §Marking
 * rooms as unread).
 */
function isRead(type: string, content: unknown): boolean {
  return MARKED_UNREAD.has(type) && isJsonObject(content) && content["unread"] !== true;
}

import type { NotMoved } from "../../../../model/not-moved.ts";
import { stages } from "../../../../model/step.ts";
import { isJsonObject } from "../../api/json.ts";
import type { RoomIdOnTarget } from "../../planning/room-mapping.ts";
import { movedRooms } from "../../planning/room-mapping.ts";
import { desiredContent, statusOfType } from "../account-data/desired-content.ts";
import { withForms } from "../account-data/forms.ts";
import type { ContentPayload, DesiredAccountData } from "../account-data/plan.ts";
import type { CategoryPlan } from "../category-plan.ts";
import type { Comparison, Desired } from "../comparison.ts";
import { compareItems } from "../comparison.ts";

interface DesiredRoomSetting extends DesiredAccountData {
  readonly roomId: string;
}

/** Types with endpoints and categories of their own. */
const ELSEWHERE: ReadonlySet<string> = new Set(["m.tag", "m.fully_read"]);

const MARKED_UNREAD: ReadonlySet<string> = new Set(["m.marked_unread", "com.famedly.marked_unread"]);

/**
 * The account data of rooms. Content that the target has stays. For example, a room that was read
 * on the target meanwhile is not marked unread again.
 */
export const roomSettingsPlan: CategoryPlan<Comparison<DesiredRoomSetting>, ContentPayload> = {
  name: "room_settings",
  accountDataType: null,
  isWholeList: false,
  partAbout: (item, roomIds) => (roomIds.has(item.roomId) ? item : null),
  compare(source, target, roomIdOnTarget) {
    return compareItems(
      "room_settings",
      desiredRoomSettings(source.roomAccountData, roomIdOnTarget),
      ({ roomId, type }) => `${roomId} ${type}`,
      (item) => statusOfType(item, target.roomAccountData.get(item.roomId)),
    );
  },
  steps({ missingItems }) {
    return missingItems.map(({ roomId, type, content, isMerged, forms }) => ({
      key: `room_setting:${roomId} ${type}`,
      stage: stages.rooms,
      roomId,
      payload: { roomId, type, content, isMerged, forms },
    }));
  },
};

function desiredRoomSettings(
  roomAccountData: ReadonlyMap<string, ReadonlyMap<string, unknown>>,
  roomIdOnTarget: RoomIdOnTarget,
): Desired<DesiredRoomSetting> {
  const notMoved: NotMoved[] = [];
  const { moved, unmovedRoomIds } = movedRooms(roomAccountData.keys(), roomIdOnTarget);
  const byRoom = new Map<string, Map<string, Omit<DesiredRoomSetting, "forms">>>();
  for (const { roomId, targetRoomId } of moved) {
    const settings = byRoom.get(targetRoomId) ?? new Map<string, Omit<DesiredRoomSetting, "forms">>();
    byRoom.set(targetRoomId, settings);
    for (const [type, desired] of settingsOf(roomId)) {
      if (typeof desired === "string")
        notMoved.push({ category: "room_settings", item: `${roomId} ${type}`, code: desired });
      else if (!settings.has(type)) settings.set(type, { roomId: targetRoomId, type, ...desired });
    }
  }
  for (const roomId of unmovedRoomIds) {
    for (const [type, desired] of settingsOf(roomId)) {
      const code = typeof desired === "string" ? desired : "room_not_moved";
      notMoved.push({ category: "room_settings", item: `${roomId} ${type}`, code });
    }
  }
  return { items: [...byRoom.values()].flatMap((settings) => withForms([...settings.values()])), notMoved };

  function* settingsOf(
    roomId: string,
  ): Generator<[type: string, desired: NonNullable<ReturnType<typeof desiredContent>>]> {
    for (const [type, content] of roomAccountData.get(roomId) ?? []) {
      if (ELSEWHERE.has(type) || isRead(type, content)) continue;
      const desired = desiredContent(type, content, roomIdOnTarget);
      if (desired !== null) yield [type, desired];
    }
  }
}

/**
 * Whether a room is no longer marked unread. That equals never marked (CS §Marking rooms as
 * unread).
 */
function isRead(type: string, content: unknown): boolean {
  return MARKED_UNREAD.has(type) && isJsonObject(content) && content["unread"] !== true;
}

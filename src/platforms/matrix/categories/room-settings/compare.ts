import { statusOfContent } from "../account-data/desired-content.ts";
import { compareItems } from "../comparison.ts";
import type { Comparison } from "../comparison.ts";
import type { AccountContents } from "../contents.ts";
import type { RoomIdOnTarget } from "../../planning/room-mapping.ts";
import { desiredRoomSettings } from "./desired.ts";
import type { DesiredRoomSetting } from "./desired.ts";

/**
 * Whatever the target has there stays: a room that was read there meanwhile, for one, is not marked
 * unread again.
 */
export function compareRoomSettings(
  source: AccountContents,
  target: AccountContents,
  roomIdOnTarget: RoomIdOnTarget,
): Comparison<DesiredRoomSetting> {
  return compareItems(
    "room_settings",
    desiredRoomSettings(source.roomAccountData, roomIdOnTarget),
    ({ roomId, type }) => `${roomId} ${type}`,
    (item) => statusOfContent(item, target.roomAccountData.get(item.roomId)?.get(item.type)),
  );
}

import { standingOfContent } from "../account-data/wanted-content.ts";
import { compareItems } from "../comparison.ts";
import type { Comparison } from "../comparison.ts";
import type { AccountContents } from "../contents.ts";
import type { RoomIdOnTarget } from "../room-mapping.ts";
import { wantedRoomSettings } from "./wanted.ts";
import type { WantedRoomSetting } from "./wanted.ts";

/** Whatever the target has there stays: a room that was read there meanwhile, for one, is not marked unread again. */
export function verifyRoomSettings(
  source: AccountContents,
  target: AccountContents,
  roomIdOnTarget: RoomIdOnTarget,
): Comparison<WantedRoomSetting> {
  return compareItems(
    "room_settings",
    wantedRoomSettings(source.roomAccountData, roomIdOnTarget),
    ({ roomId, type }) => `${roomId} ${type}`,
    (item) => standingOfContent(item, target.roomAccountData.get(item.roomId)?.get(item.type)),
  );
}

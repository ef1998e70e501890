import type { Category, CategoryName } from "../../../model/categories.ts";
import { compareAccountData } from "./account-data/compare.ts";
import type { AccountContents } from "./contents.ts";
import { compareDirectChats } from "./direct-chats/compare.ts";
import { compareIgnoredUsers } from "./ignored-users/compare.ts";
import type { NotMoved } from "./not-moved.ts";
import { compareProfile } from "./profile/compare.ts";
import { comparePushRules } from "./push-rules/compare.ts";
import { compareReadMarkers } from "./read-markers/compare.ts";
import type { RoomIdOnTarget } from "../planning/room-mapping.ts";
import { compareRoomProfiles } from "./room-profiles/compare.ts";
import { compareRoomSettings } from "./room-settings/compare.ts";
import { compareTags } from "./tags/compare.ts";

export interface ContentsComparison {
  readonly categories: readonly Category[];
  readonly notMoved: readonly NotMoved[];
}

/** All comparisons but those of rooms, power levels and room keys, in the order of reports. */
export function compareCategories(
  source: AccountContents,
  target: AccountContents,
  roomIdOnTarget: RoomIdOnTarget,
) {
  return {
    directChats: compareDirectChats(source, target, roomIdOnTarget),
    tags: compareTags(source, target, roomIdOnTarget),
    roomSettings: compareRoomSettings(source, target, roomIdOnTarget),
    roomProfiles: compareRoomProfiles(source, target, roomIdOnTarget),
    readMarkers: compareReadMarkers(source, target, roomIdOnTarget),
    profile: compareProfile(source, target),
    pushRules: comparePushRules(source, target, roomIdOnTarget),
    ignoredUsers: compareIgnoredUsers(source, target),
    accountData: compareAccountData(source, target, roomIdOnTarget),
  };
}

/**
 * What of the source's contents stands on the target already, what does not yet, and what never
 * will. Linear in what the two accounts hold, and made for answers of hostile servers: nothing in
 * them makes it throw.
 */
export function compareContents(
  source: AccountContents,
  target: AccountContents,
  roomIdOnTarget: RoomIdOnTarget,
): ContentsComparison {
  const comparisons = Object.values(compareCategories(source, target, roomIdOnTarget));
  return {
    categories: comparisons.map((comparison) => comparison.category),
    notMoved: [...comparisons.flatMap((comparison) => comparison.notMoved), ...unreadable(source)],
  };
}

/** Account data that the reader gave up on, for it was nested too deeply. */
function unreadable({ unreadableAccountData }: AccountContents): NotMoved[] {
  return unreadableAccountData.map(({ roomId, type }) => ({
    category: CATEGORY_OF.get(type) ?? (roomId === null ? "account_data" : "room_settings"),
    item: roomId === null ? type : `${roomId} ${type}`,
    code: "malformed",
  }));
}

const CATEGORY_OF: ReadonlyMap<string, CategoryName> = new Map<string, CategoryName>([
  ["m.direct", "direct_chats"],
  ["m.ignored_user_list", "ignored_users"],
  ["m.push_rules", "push_rules"],
  ["m.tag", "tags"],
  ["m.fully_read", "read_markers"],
]);

import type { Category, CategoryName } from "../../migration/categories.ts";
import { verifyAccountData } from "./account-data/verify.ts";
import type { AccountContents } from "./contents.ts";
import { verifyDirectChats } from "./direct-chats/verify.ts";
import { verifyIgnoredUsers } from "./ignored-users/verify.ts";
import type { NotMoved } from "./not-moved.ts";
import { verifyProfile } from "./profile/verify.ts";
import { verifyPushRules } from "./push-rules/verify.ts";
import { verifyReadMarkers } from "./read-markers/verify.ts";
import type { RoomIdOnTarget } from "./room-mapping.ts";
import { verifyRoomProfiles } from "./room-profiles/verify.ts";
import { verifyRoomSettings } from "./room-settings/verify.ts";
import { verifyTags } from "./tags/verify.ts";

export interface ContentsComparison {
  readonly categories: readonly Category[];
  readonly notMoved: readonly NotMoved[];
}

/** All comparisons but those of rooms, power levels and room keys, in the order of reports. */
export function compareCategories(source: AccountContents, target: AccountContents, roomIdOnTarget: RoomIdOnTarget) {
  return {
    directChats: verifyDirectChats(source, target, roomIdOnTarget),
    tags: verifyTags(source, target, roomIdOnTarget),
    roomSettings: verifyRoomSettings(source, target, roomIdOnTarget),
    roomProfiles: verifyRoomProfiles(source, target, roomIdOnTarget),
    readMarkers: verifyReadMarkers(source, target, roomIdOnTarget),
    profile: verifyProfile(source, target),
    pushRules: verifyPushRules(source, target, roomIdOnTarget),
    ignoredUsers: verifyIgnoredUsers(source, target),
    accountData: verifyAccountData(source, target, roomIdOnTarget),
  };
}

/**
 * What of the source's contents stands on the target already, what does not yet, and what never will.
 * Linear in what the two accounts hold, and made for answers of hostile servers: nothing in them makes it throw.
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

import type { CategoryName } from "../../model/categories.ts";

/** The parts of a move, in words for people, always in the plural. */
export const categoryWords: Readonly<Record<CategoryName, string>> = {
  rooms: "rooms",
  power_levels: "power levels",
  direct_chats: "direct chats",
  tags: "room tags",
  room_settings: "room settings",
  room_profiles: "names of yours in single rooms",
  read_markers: "read markers",
  profile: "profile fields",
  push_rules: "notification rules",
  ignored_users: "ignored people",
  account_data: "settings",
  room_keys: "keys of encrypted history",
};

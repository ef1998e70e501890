import type { StepKind } from "./step.ts";

/**
 * What a move consists of, by the names that reports and filters use (product.md, "The report
 * file").
 */
export const CATEGORY_NAMES = [
  "rooms",
  "power_levels",
  "direct_chats",
  "tags",
  "room_settings",
  "room_profiles",
  "read_markers",
  "profile",
  "push_rules",
  "ignored_users",
  "account_data",
  "room_keys",
] as const;
export type CategoryName = (typeof CATEGORY_NAMES)[number];

/** How much of a category the target has; `expected` = `present` + length of `missing`, always. */
export interface Category {
  name: CategoryName;
  expected: number;
  present: number;
  missing: readonly string[];
}

/** @param missing every missing item by name */
export function category(name: CategoryName, present: number, missing: readonly string[]): Category {
  return { name, expected: present + missing.length, present, missing };
}

/** All twelve in the contract's order; those nobody looked into have nothing to move. */
export function allCategories(known: readonly Category[]): Category[] {
  const byName = new Map(known.map((entry) => [entry.name, entry]));
  return CATEGORY_NAMES.map((name) => byName.get(name) ?? category(name, 0, []));
}

/**
 * The category that a step belongs to, where it is one that reports count; entering a room is
 * `rooms`.
 */
export const CATEGORY_OF_STEP: Readonly<Record<Exclude<StepKind, "undo">, CategoryName>> = {
  profile_field: "profile",
  accept_invite: "rooms",
  join: "rooms",
  join_restricted: "rooms",
  invite: "rooms",
  join_invited: "rooms",
  knock: "rooms",
  power_level: "power_levels",
  tags: "tags",
  room_setting: "room_settings",
  room_profile: "room_profiles",
  read_marker: "read_markers",
  account_data: "account_data",
  direct_chats: "direct_chats",
  push_rules: "push_rules",
  ignored_users: "ignored_users",
};

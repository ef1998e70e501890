/**
 * The parts of a move, by the names that reports and filters use. Reports list them in this order.
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

/**
 * How much of a category the target has. `expected` = `present` + length of `missing`, except for
 * `room_keys`: it counts keys, and `missing` has one entry a room.
 */
export interface Category {
  name: CategoryName;
  expected: number;
  present: number;
  missing: readonly string[];
}

/**
 * A category that counts the entries of `missing`, so not `room_keys`.
 * @param missing every missing item by name
 */
export function category(name: CategoryName, present: number, missing: readonly string[]): Category {
  return { name, expected: present + missing.length, present, missing };
}

/** All categories in the order of reports. A category without a result has nothing to move. */
export function allCategories(known: readonly Category[]): Category[] {
  const byName = new Map(known.map((entry) => [entry.name, entry]));
  return CATEGORY_NAMES.map((name) => byName.get(name) ?? category(name, 0, []));
}

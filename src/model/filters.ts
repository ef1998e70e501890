import type { CategoryName } from "./categories.ts";

/** Filters on the rooms of a plan. Rooms are room IDs or aliases. An empty list filters nothing. */
export interface RoomFilters {
  only: readonly string[];
  exclude: readonly string[];
  spaces: readonly string[];
  servers: readonly string[];
  /** `true`: direct chats only. `false`: none of them. */
  isDirect: boolean | null;
  /** Milliseconds since 1970. Rooms with a known last activity before it are left out. */
  activeSince: number | null;
  /** Whether rooms are among the categories to move. If not, nothing is joined. */
  hasRooms: boolean;
}

/** All filters of a plan: rooms, and the categories that are moved. */
export interface PlanFilters extends RoomFilters {
  /** `null`: all categories. */
  categories: readonly CategoryName[] | null;
}

/** Filters that every room passes. */
export const NO_FILTERS: RoomFilters = {
  only: [],
  exclude: [],
  spaces: [],
  servers: [],
  isDirect: null,
  activeSince: null,
  hasRooms: true,
};

/** The same filters, with room IDs in place of words that name rooms of the account. */
export function withRoomIds<Filters extends RoomFilters>(
  filters: Filters,
  roomIds: ReadonlyMap<string, string>,
): Filters {
  const named = (words: readonly string[]): string[] => words.map((word) => roomIds.get(word) ?? word);
  return {
    ...filters,
    only: named(filters.only),
    exclude: named(filters.exclude),
    spaces: named(filters.spaces),
  };
}

/** All words in filters that name a room. */
export function wordsIn({ only, exclude, spaces }: RoomFilters): string[] {
  return [...only, ...exclude, ...spaces];
}

/** Whether a room ID or alias names this room. */
export function isNamed(room: { roomId: string; alias: string | null }, word: string): boolean {
  return room.roomId === word || room.alias === word;
}

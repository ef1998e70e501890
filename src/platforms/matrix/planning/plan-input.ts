import type { RoomFilters } from "./filters.ts";
import type { AccountSnapshot, RoomSnapshot } from "../rooms/types.ts";
import type { RouteRefusal } from "./planned-room.ts";

/** Everything a plan of rooms is made from. */
export interface RoomPlanInput {
  source: AccountSnapshot;
  target: AccountSnapshot;
  /**
   * Replacements of upgraded rooms that the source is not in, as room summaries tell of them
   * (`room-summary.ts`).
   */
  outsideRooms?: ReadonlyMap<string, RoomSnapshot>;
  filters?: RoomFilters;
  /** The bot itself and others known to be no people. */
  botUserIds?: readonly string[];
  /** Rooms in which the user talks with the bot. */
  botRoomIds?: readonly string[];
  /** What a run found closed, by room. */
  refusals?: ReadonlyMap<string, readonly RouteRefusal[]>;
  /** The last pass: whoever's membership is still unread counts as not joined. */
  areMembersRead?: boolean;
}

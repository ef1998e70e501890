import type { RoomFilters } from "./filters.ts";
import type { AccountSnapshot, RoomSnapshot } from "../rooms/types.ts";
import type { RouteRefusal } from "./planned-room.ts";

/** The input of a plan of rooms. */
export interface RoomPlanInput {
  source: AccountSnapshot;
  target: AccountSnapshot;
  /**
   * Replacements of upgraded rooms that the source is not in, from room summaries
   * (`rooms/room-summary.ts`).
   */
  outsideRooms?: ReadonlyMap<string, RoomSnapshot>;
  filters?: RoomFilters;
  /** The bot itself and other accounts that are not people. */
  botUserIds?: readonly string[];
  /** Rooms in which the person talks with the bot. */
  botRoomIds?: readonly string[];
  /** Routes that a run found closed, by room. */
  refusals?: ReadonlyMap<string, readonly RouteRefusal[]>;
  /** The last pass: a member whose membership is still unread counts as not joined. */
  areMembersRead?: boolean;
}

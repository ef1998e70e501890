import type { ConversationAddress } from "../../model/conversation-address.ts";
import type { PlanFilters } from "../../model/filters.ts";
import type { ReadProgress } from "../../platforms/reading.ts";

export interface StartRequest {
  owner: string;
  /** Where the progress and the end of the run are reported. */
  address: ConversationAddress;
  /** Rooms in which the person talks with the bot. */
  botRoomIds: readonly string[];
  onProgress: (progress: ReadProgress) => void;
}

export interface PartRequest extends StartRequest {
  filters: PlanFilters;
  /** Room IDs and aliases; empty: all suitable rooms. */
  rooms: readonly string[];
}

export interface ConvertRequest {
  /** Room ID or alias. */
  room: string;
  partner: string | null;
  toDirect: boolean;
}

import { randomUUID } from "node:crypto";
import type { HomeserverClient } from "../api/homeserver-client.ts";
import { SLIDING_SYNC_FEATURE } from "../reading/sliding-sync-request.ts";
import type { RawStateEvent, RoomReading } from "../rooms/room-snapshot.ts";
import { roomSnapshot } from "../rooms/room-snapshot.ts";
import type { RoomSnapshot } from "../rooms/types.ts";

/** One of the two accounts, with what a look needs. */
export interface WatchingAccount {
  readonly client: Pick<HomeserverClient, "request">;
  readonly userId: string;
  /** From discovery. */
  readonly features: { readonly unstableFeatures: Readonly<Record<string, boolean>> };
}

/** The rooms that one account sees, by room ID. */
export type SeenRooms = ReadonlyMap<string, RoomSnapshot>;

/** What one account sees at one look. */
export interface Seen {
  readonly rooms: SeenRooms;
  /** The chats that their partners have declined or left. */
  readonly leftChats: readonly string[];
}

/**
 * The name of this process's sliding sync connection, which no client uses. A server keeps a
 * connection's state for days. A new connection replaces the earlier one of the same name (Synapse
 * 1.163.2, storage/databases/main/sliding_sync.py).
 */
export const CONNECTION = `migrator-watch-${randomUUID()}`;

/** A server that takes longer is asked at the next look. Reading both accounts waits longer. */
export const TIMEOUT_MS = 60_000;

export function hasSlidingSync({ features }: WatchingAccount): boolean {
  return features.unstableFeatures[SLIDING_SYNC_FEATURE] === true;
}

/** A room whose reading holds only the facts that decide about access. */
export function watchedSnapshot(
  reading: Pick<RoomReading, "roomId" | "ownUserId" | "otherUserId" | "membership" | "events"> &
    Partial<Pick<RoomReading, "membershipPosition">>,
): RoomSnapshot {
  return roomSnapshot({ ...reading, coverage: "partial", isOtherMemberRead: false });
}

/**
 * The events with the rule that counts if a room has none (CS §m.room.join_rules). In a partial
 * reading a missing event would be unknown.
 */
export function withJoinRule(events: readonly RawStateEvent[]): readonly RawStateEvent[] {
  return events.some(({ type }) => type === "m.room.join_rules")
    ? events
    : [...events, { type: "m.room.join_rules", state_key: "", content: { join_rule: "invite" } }];
}

import { z } from "zod";
import type { RawStateEvent } from "./room-snapshot.ts";
import { roomSnapshot } from "./room-snapshot.ts";
import type { AccountSnapshot, RoomSnapshot } from "./types.ts";

/**
 * The fields of `GET /room_summary/{roomId}` that the bot uses (CS v1.15, MSC3266; older servers:
 * `im.nheko.summary.*`). Each may be missing.
 */
export const roomSummarySchema = z.object({
  room_version: z.string().optional().catch(undefined),
  "im.nheko.summary.room_version": z.string().optional().catch(undefined),
  "im.nheko.summary.version": z.string().optional().catch(undefined),
  room_type: z.string().nullish().catch(undefined),
  join_rule: z.string().optional().catch(undefined),
  allowed_room_ids: z.array(z.unknown()).nullish().catch(undefined),
  encryption: z.string().nullish().catch(undefined),
  "im.nheko.summary.encryption": z.string().nullish().catch(undefined),
  name: z.string().nullish().catch(undefined),
  canonical_alias: z.string().nullish().catch(undefined),
  num_joined_members: z.number().int().nullish().catch(undefined),
});

/**
 * A room as its summary shows it from outside. State that a summary does not have is unread.
 * Without a version the room's rules are unknown.
 */
export function roomFromSummary(
  roomId: string,
  answer: unknown,
  source: AccountSnapshot,
  targetUserId: string,
): RoomSnapshot {
  const summary = roomSummarySchema.safeParse(answer).data ?? {};
  const version =
    summary.room_version ?? summary["im.nheko.summary.room_version"] ?? summary["im.nheko.summary.version"];
  const events: RawStateEvent[] = [];
  function add(type: string, content: Record<string, unknown>): void {
    events.push({ type, state_key: "", content });
  }
  if (version !== undefined)
    add("m.room.create", {
      room_version: version,
      ...(summary.room_type ? { type: summary.room_type } : {}),
    });
  if (summary.join_rule !== undefined) {
    const allow = summary.allowed_room_ids ?? [];
    add("m.room.join_rules", {
      join_rule: summary.join_rule,
      allow: allow.map((allowed) => ({ type: "m.room_membership", room_id: allowed })),
    });
  }
  const encryption = summary.encryption ?? summary["im.nheko.summary.encryption"];
  if (encryption) add("m.room.encryption", { algorithm: encryption });
  if (summary.name) add("m.room.name", { name: summary.name });
  if (summary.canonical_alias) add("m.room.canonical_alias", { alias: summary.canonical_alias });
  return roomSnapshot({
    roomId,
    ownUserId: source.userId,
    otherUserId: targetUserId,
    membership: source.rooms.get(roomId)?.membership ?? null,
    events,
    coverage: "partial",
    isOtherMemberRead: false,
    joinedCount: summary.num_joined_members ?? null,
  });
}

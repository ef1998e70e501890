import { join } from "node:path";
import Database from "better-sqlite3";
import { z } from "zod";
import type { Homeserver } from "./model.ts";
import { SERVER_FILES } from "./server-config.ts";

/** An event as a server has stored it. */
export interface StoredEvent {
  readonly eventId: string;
  readonly roomId: string;
  readonly type: string;
  readonly sender: string;
  readonly stateKey: string | undefined;
  /** By the sender's server, in milliseconds since 1970. */
  readonly sentAt: number;
  readonly content: Readonly<Record<string, unknown>>;
}

const membershipSchema = z.object({ membership: z.string() });
const rowSchema = z.object({ event_id: z.string(), room_id: z.string(), json: z.string() });
const eventSchema = z.object({
  type: z.string(),
  sender: z.string(),
  state_key: z.string().optional(),
  origin_server_ts: z.number(),
  content: z.looseObject({}),
});

/**
 * Every event that an account of this server has sent, in any room, oldest first. It is read from
 * the server's database, so no room is missed and nobody's membership matters.
 */
export function eventsSentBy(server: Pick<Homeserver, "folder">, userId: string): StoredEvent[] {
  const query = `SELECT event_id, events.room_id, json FROM events JOIN event_json USING (event_id)
    WHERE sender = ? AND rejection_reason IS NULL ORDER BY stream_ordering`;
  return z
    .array(rowSchema)
    .parse(rowsOf(server, query, userId))
    .map(toEvent);
}

/**
 * The membership of an account of this server, as the server knows it now. It is read from the
 * server's database, because the server shows nobody a room that it is not in.
 */
export function storedMembership(
  server: Pick<Homeserver, "folder">,
  userId: string,
  roomId: string,
): string | null {
  const query = "SELECT membership FROM local_current_membership WHERE user_id = ? AND room_id = ?";
  const [row] = z.array(membershipSchema).parse(rowsOf(server, query, userId, roomId));
  return row?.membership ?? null;
}

function rowsOf({ folder }: Pick<Homeserver, "folder">, query: string, ...values: string[]): unknown[] {
  const database = new Database(join(folder, SERVER_FILES.database), { readonly: true, timeout: 30_000 });
  try {
    return database.prepare(query).all(...values);
  } finally {
    database.close();
  }
}

function toEvent({ event_id: eventId, room_id: roomId, json }: z.infer<typeof rowSchema>): StoredEvent {
  const { state_key: stateKey, origin_server_ts: sentAt, ...event } = eventSchema.parse(JSON.parse(json));
  return { eventId, roomId, stateKey, sentAt, ...event };
}

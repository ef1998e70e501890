import type { Kysely } from "kysely";
import { z } from "zod";
import type { SealedSecrets } from "./sealed-secrets.ts";
import type { Tables } from "./tables.ts";

const receivedEventSchema = z.looseObject({
  event_id: z.string(),
  type: z.string(),
  sender: z.string(),
  origin_server_ts: z.number().optional(),
  content: z.looseObject({}),
});

/** A decrypted room event, checked for the fields that all handlers need. */
export type RoomEvent = z.infer<typeof receivedEventSchema>;

/** An event that is not handled yet. */
export interface PendingEvent {
  roomId: string;
  event: RoomEvent;
  /**
   * How often its handling was started before. More than zero means that a crash interrupted it.
   */
  attempts: number;
}

/** Reads an event of unknown shape. Null if a field is missing that every room event has. */
export function parseRoomEvent(event: unknown): RoomEvent | null {
  const parsed = receivedEventSchema.safeParse(event);
  return parsed.success ? parsed.data : null;
}

/**
 * Events that are handled once. A row is stored before the sync position advances. It also records
 * when the handling is finished.
 */
export class ReceivedEvents {
  readonly #database: Kysely<Tables>;
  readonly #secrets: SealedSecrets;

  constructor(database: Kysely<Tables>, secrets: SealedSecrets) {
    this.#database = database;
    this.#secrets = secrets;
  }

  /**
   * Stores an event, sealed, because a command can carry a secret. Returns false if it was stored
   * before.
   */
  async add(roomId: string, event: RoomEvent, now: number): Promise<boolean> {
    const result = await this.#database
      .insertInto("received_event")
      .orIgnore()
      .values({
        event_id: event.event_id,
        room_id: roomId,
        sender: event.sender,
        sealed_event: this.#secrets.seal(event.event_id, JSON.stringify(event)),
        received_at: now,
        handled_at: null,
      })
      .executeTakeFirst();
    return result.numInsertedOrUpdatedRows === 1n;
  }

  async begin(eventId: string): Promise<void> {
    await this.#database
      .updateTable("received_event")
      .set((expression) => ({ attempts: expression("attempts", "+", 1) }))
      .where("event_id", "=", eventId)
      .execute();
  }

  /** Marks an event as handled and erases everything but its ID. */
  async finish(eventId: string, now: number): Promise<void> {
    await this.#database
      .updateTable("received_event")
      .set({ handled_at: now, sealed_event: null, room_id: null, sender: null })
      .where("event_id", "=", eventId)
      .execute();
  }

  /** Whether an event was stored before, handled or not. */
  async has(eventId: string): Promise<boolean> {
    const row = await this.#database
      .selectFrom("received_event")
      .select("event_id")
      .where("event_id", "=", eventId)
      .executeTakeFirst();
    return row !== undefined;
  }

  /** The events that a crash left unhandled, oldest first. */
  async unhandled(): Promise<PendingEvent[]> {
    const rows = await this.#database
      .selectFrom("received_event")
      .select(["event_id", "room_id", "sealed_event", "attempts"])
      .where("handled_at", "is", null)
      .orderBy("received_at")
      .execute();
    return rows.flatMap((row) => {
      if (row.room_id === null || row.sealed_event === null) return [];
      const event = parseRoomEvent(JSON.parse(this.#secrets.open(row.event_id, row.sealed_event)));
      return event ? [{ roomId: row.room_id, event, attempts: row.attempts }] : [];
    });
  }

  /**
   * Removes the IDs of handled events. They are needed only while a server may deliver the event
   * again.
   */
  async prune(handledBefore: number): Promise<void> {
    await this.#database.deleteFrom("received_event").where("handled_at", "<", handledBefore).execute();
  }
}

import type { Kysely, Selectable } from "kysely";
import type { Tables } from "./tables.ts";

/** An event that could not be decrypted yet. */
export interface UndecryptedEvent {
  eventId: string;
  roomId: string;
  sender: string;
  /** The encrypted event as the server sent it, as JSON. */
  event: string;
  receivedAt: number;
}

/**
 * Events whose key has not arrived yet. matrix-bot-sdk gives up on them at once; here they are kept
 * until the key arrives.
 */
export class UndecryptedEvents {
  readonly #database: Kysely<Tables>;

  constructor(database: Kysely<Tables>) {
    this.#database = database;
  }

  async add(row: UndecryptedEvent): Promise<void> {
    await this.#database
      .insertInto("undecrypted_event")
      .values({
        event_id: row.eventId,
        room_id: row.roomId,
        sender: row.sender,
        event: row.event,
        received_at: row.receivedAt,
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }

  /** All events, oldest first. */
  async all(): Promise<UndecryptedEvent[]> {
    const rows = await this.#database
      .selectFrom("undecrypted_event")
      .selectAll()
      .orderBy("received_at")
      .execute();
    return rows.map(fromRow);
  }

  async ofRoom(roomId: string): Promise<UndecryptedEvent[]> {
    const rows = await this.#database
      .selectFrom("undecrypted_event")
      .selectAll()
      .where("room_id", "=", roomId)
      .orderBy("received_at")
      .execute();
    return rows.map(fromRow);
  }

  async remove(eventId: string): Promise<void> {
    await this.#database.deleteFrom("undecrypted_event").where("event_id", "=", eventId).execute();
  }

  /** Events that were received before this time and not yet reported to their sender. */
  async unreported(receivedBefore: number): Promise<UndecryptedEvent[]> {
    const rows = await this.#database
      .selectFrom("undecrypted_event")
      .selectAll()
      .where("is_told", "=", 0)
      .where("received_at", "<=", receivedBefore)
      .orderBy("received_at")
      .execute();
    return rows.map(fromRow);
  }

  /** Marks events as reported, after the report is stored. */
  async markReported(eventIds: readonly string[]): Promise<void> {
    await this.#database
      .updateTable("undecrypted_event")
      .set({ is_told: 1 })
      .where("event_id", "in", [...eventIds])
      .execute();
  }

  /** When the oldest unreported event will have waited this long; null if there is none. */
  async nextUnreportedAt(timeoutMs: number): Promise<number | null> {
    const row = await this.#database
      .selectFrom("undecrypted_event")
      .select("received_at")
      .where("is_told", "=", 0)
      .orderBy("received_at")
      .limit(1)
      .executeTakeFirst();
    return row ? row.received_at + timeoutMs : null;
  }

  async prune(receivedBefore: number): Promise<void> {
    await this.#database.deleteFrom("undecrypted_event").where("received_at", "<", receivedBefore).execute();
  }
}

function fromRow(row: Selectable<Tables["undecrypted_event"]>): UndecryptedEvent {
  return {
    eventId: row.event_id,
    roomId: row.room_id,
    sender: row.sender,
    event: row.event,
    receivedAt: row.received_at,
  };
}

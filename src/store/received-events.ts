import type { Kysely } from "kysely";
import { z } from "zod";
import type { SealedSecrets } from "./sealed-secrets.ts";
import type { ErasingLog } from "./sqlite/write-ahead-log.ts";
import type { ReportUnreadable } from "./stored-json.ts";
import { parseColumn } from "./stored-json.ts";
import type { Tables } from "./tables.ts";

const receivedEventSchema = z.looseObject({
  event_id: z.string(),
  type: z.string(),
  sender: z.string(),
  origin_server_ts: z.number().optional(),
  content: z.looseObject({}),
  /** Set by the bot when it stores the event. */
  wasEncrypted: z.boolean().optional().catch(undefined),
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
  /** Whether the stored event cannot be read. Only its ID and its sender are known then. */
  isUnreadable: boolean;
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
  readonly #log: ErasingLog;
  readonly #report: ReportUnreadable;
  #lastReceivedAt = 0;

  constructor(
    database: Kysely<Tables>,
    { secrets, log, report }: { secrets: SealedSecrets; log: ErasingLog; report: ReportUnreadable },
  ) {
    this.#database = database;
    this.#secrets = secrets;
    this.#log = log;
    this.#report = report;
  }

  /**
   * Stores an event, sealed, because a command can carry a secret. Returns false if it was stored
   * before. No two events get the same time, so that they keep their order.
   */
  async add(roomId: string, event: RoomEvent, now: number): Promise<boolean> {
    this.#lastReceivedAt = Math.max(now, this.#lastReceivedAt + 1);
    const result = await this.#database
      .insertInto("received_event")
      .values({
        event_id: event.event_id,
        room_id: roomId,
        sender: event.sender,
        sealed_event: this.#secrets.seal(event.event_id, JSON.stringify(event)),
        received_at: this.#lastReceivedAt,
        handled_at: null,
      })
      .onConflict((conflict) => conflict.doNothing())
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
    this.#log.clearSoon();
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

  /** The events that a crash left unhandled, oldest first. Unreadable ones have their sender. */
  async unhandled(): Promise<PendingEvent[]> {
    const rows = await this.#database
      .selectFrom("received_event")
      .select(["event_id", "room_id", "sender", "sealed_event", "attempts"])
      .where("handled_at", "is", null)
      .orderBy("received_at")
      .execute();
    return rows.flatMap((row): PendingEvent[] => {
      const { event_id, room_id: roomId, sender, sealed_event: sealed, attempts } = row;
      if (roomId === null || sealed === null) return [];
      const event = parseRoomEvent(parseColumn(this.#secrets.tryOpen(event_id, sealed) ?? ""));
      if (event !== null) return [{ roomId, event, attempts, isUnreadable: false }];
      this.#report({ table: "received_event", key: event_id });
      // The sender of a forgotten person's event is not known any more.
      const unread = { event_id, type: "m.room.message", sender: sender ?? "", content: {} };
      return sender === null ? [] : [{ roomId, event: unread, attempts, isUnreadable: true }];
    });
  }
}

import type { Kysely, Selectable } from "kysely";
import type { Tables } from "./tables.ts";
import { clearWriteAheadLog } from "./write-ahead-log.ts";

/**
 * Lower numbers are sent first: redactions (a secret may be in the room), then answers, then
 * progress.
 */
export const outboxPriority = { redaction: 0, answer: 1, progress: 2 } as const;
export type OutboxPriority = (typeof outboxPriority)[keyof typeof outboxPriority];

/** The kinds of items. */
export const OUTBOX_KINDS = ["message", "redaction", "reaction"] as const;
export type OutboxKind = (typeof OUTBOX_KINDS)[number];

/** An item to send. */
export interface NewOutboxItem {
  /**
   * The transaction ID of the request. The server handles each one once, however often it is tried.
   */
  transactionId: string;
  roomId: string;
  /**
   * The person in the conversation, so that `!forget` finds the message. Null for a forgotten
   * person: then nothing is kept once it is sent.
   */
  forUser: string | null;
  kind: OutboxKind;
  /**
   * The content of a message, `{redacts, reason}` of a redaction, or `{to, key}` of a reaction:
   * `to` is the transaction ID of the message to react to.
   */
  content: Record<string, unknown>;
  attachment?: Buffer;
  /** The transaction ID of the message that this one edits. */
  edits?: string;
  priority: OutboxPriority;
  /** The earliest time to send it, in milliseconds since the epoch. Default: at once. */
  notBefore?: number;
}

/** A stored item. */
export interface OutboxItem extends NewOutboxItem {
  id: number;
  attempts: number;
}

/** How the sending of an item ended. */
export type OutboxResult = { status: "sent"; eventId: string } | { status: "failed"; failure: string };

/**
 * Messages to be sent. A row is written before the first try and keeps its transaction ID, so that
 * a crash neither loses nor repeats a message.
 */
export class OutboxItems {
  readonly #database: Kysely<Tables>;

  constructor(database: Kysely<Tables>) {
    this.#database = database;
  }

  /**
   * Adds an item. An item with a known transaction ID is not changed. An edit replaces older unsent
   * edits of the same message.
   */
  async add(item: NewOutboxItem, now: number): Promise<void> {
    await this.#database.transaction().execute(async (transaction) => {
      const { edits } = item;
      const { numInsertedOrUpdatedRows } = await transaction
        .insertInto("outbox")
        .orIgnore()
        .values({
          transaction_id: item.transactionId,
          room_id: item.roomId,
          for_user: item.forUser,
          kind: item.kind,
          content: JSON.stringify(item.content),
          attachment: item.attachment ?? null,
          edits: edits ?? null,
          priority: item.priority,
          created_at: now,
          not_before: item.notBefore ?? 0,
          event_id: null,
          finished_at: null,
          failure: null,
        })
        .executeTakeFirst();
      // If the item was stored already, a newer edit or the item itself may be waiting.
      if (edits === undefined || numInsertedOrUpdatedRows !== 1n) return;
      await transaction
        .updateTable("outbox")
        .set({ finished_at: now, failure: "superseded", content: null, attachment: null })
        .where("edits", "=", edits)
        .where("transaction_id", "!=", item.transactionId)
        .where("finished_at", "is", null)
        .where("attempts", "=", 0)
        .execute();
    });
  }

  /** The most urgent item that is due. */
  async nextDue(now: number): Promise<OutboxItem | null> {
    const row = await this.#firstOfEachRoom()
      .selectAll()
      .where("not_before", "<=", now)
      .orderBy("priority")
      .orderBy("id")
      .limit(1)
      .executeTakeFirst();
    return row ? fromRow(row) : null;
  }

  /** When the next item is due; null if none waits. */
  async nextDueAt(): Promise<number | null> {
    const row = await this.#firstOfEachRoom()
      .select(({ fn }) => fn.min("not_before").as("at"))
      .executeTakeFirst();
    return row?.at ?? null;
  }

  /**
   * In each room an item waits for older items that are as urgent or more urgent. So answers keep
   * their order, and an edit follows the message it edits.
   */
  #firstOfEachRoom() {
    return this.#database
      .selectFrom("outbox as item")
      .where("item.finished_at", "is", null)
      .where((expression) =>
        expression.not(
          expression.exists(
            expression
              .selectFrom("outbox as older")
              .select("older.id")
              .whereRef("older.room_id", "=", "item.room_id")
              .whereRef("older.priority", "<=", "item.priority")
              .whereRef("older.id", "<", "item.id")
              .where("older.finished_at", "is", null),
          ),
        ),
      );
  }

  async unsentCount(): Promise<number> {
    const row = await this.#database
      .selectFrom("outbox")
      .select(({ fn }) => fn.countAll<number>().as("count"))
      .where("finished_at", "is", null)
      .executeTakeFirst();
    return row?.count ?? 0;
  }

  async begin(id: number): Promise<void> {
    await this.#database
      .updateTable("outbox")
      .set((expression) => ({ attempts: expression("attempts", "+", 1) }))
      .where("id", "=", id)
      .execute();
  }

  async setContent(id: number, content: Record<string, unknown>): Promise<void> {
    await this.#database
      .updateTable("outbox")
      .set({ content: JSON.stringify(content), attachment: null })
      .where("id", "=", id)
      .execute();
  }

  async postpone(id: number, notBefore: number): Promise<void> {
    await this.#database.updateTable("outbox").set({ not_before: notBefore }).where("id", "=", id).execute();
  }

  /**
   * Records that an item was sent or given up. Its content is erased. The event ID is kept for
   * later edits. Nothing is kept of an item of a forgotten person.
   */
  async finish(id: number, result: OutboxResult, now: number): Promise<void> {
    const eventId = result.status === "sent" ? result.eventId : null;
    const failure = result.status === "failed" ? result.failure : null;
    const forgotten = await this.#database
      .deleteFrom("outbox")
      .where("id", "=", id)
      .where("for_user", "is", null)
      .executeTakeFirst();
    if (forgotten.numDeletedRows > 0n) {
      await clearWriteAheadLog(this.#database);
      return;
    }
    await this.#database
      .updateTable("outbox")
      .set({ finished_at: now, event_id: eventId, failure, content: null, attachment: null })
      .where("id", "=", id)
      .execute();
  }

  async result(transactionId: string): Promise<OutboxResult | null> {
    const row = await this.#database
      .selectFrom("outbox")
      .select(["event_id", "failure"])
      .where("transaction_id", "=", transactionId)
      .where("finished_at", "is not", null)
      .executeTakeFirst();
    if (!row) return null;
    return row.event_id === null
      ? { status: "failed", failure: row.failure ?? "" }
      : { status: "sent", eventId: row.event_id };
  }

  /**
   * When a message or its last edit was sent, in milliseconds since the epoch; null if it was not.
   */
  async lastShownAt(transactionId: string): Promise<number | null> {
    const row = await this.#database
      .selectFrom("outbox")
      .select(({ fn }) => fn.max("finished_at").as("at"))
      .where((expression) =>
        expression.or([
          expression("transaction_id", "=", transactionId),
          expression("edits", "=", transactionId),
        ]),
      )
      .where("event_id", "is not", null)
      .executeTakeFirst();
    return row?.at ?? null;
  }

  /** The rooms in which the bot wrote to these people. */
  async roomsOf(userIds: readonly string[]): Promise<string[]> {
    const rows = await this.#database
      .selectFrom("outbox")
      .select("room_id")
      .distinct()
      .where("for_user", "in", [...userIds])
      .execute();
    return rows.map((row) => row.room_id);
  }

  async prune(finishedBefore: number): Promise<void> {
    await this.#database.deleteFrom("outbox").where("finished_at", "<", finishedBefore).execute();
  }
}

function fromRow(row: Selectable<Tables["outbox"]>): OutboxItem {
  return {
    id: row.id,
    transactionId: row.transaction_id,
    roomId: row.room_id,
    forUser: row.for_user,
    kind: OUTBOX_KINDS.find((kind) => kind === row.kind) ?? "message",
    content: parseContent(row.content),
    ...(row.attachment && { attachment: row.attachment }),
    ...(row.edits !== null && { edits: row.edits }),
    priority: row.priority === 0 ? 0 : row.priority === 1 ? 1 : 2,
    attempts: row.attempts,
  };
}

function parseContent(text: string | null): Record<string, unknown> {
  const content: unknown = JSON.parse(text ?? "{}");
  return typeof content === "object" && content !== null ? { ...content } : {};
}

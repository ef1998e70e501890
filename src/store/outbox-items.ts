import type { Kysely, Transaction } from "kysely";
import { isStillKnown } from "./cause.ts";
import type { DueItem, NewOutboxItem, OutboxItem, OutboxResult } from "./outbox-item.ts";
import { CRASH_SCORE, dueFromRow, fromRow, UNTIL_CHAT_OPENS, outboxPriority, toRow } from "./outbox-item.ts";
import { putShownList } from "./plans.ts";
import type { ErasingLog } from "./sqlite/write-ahead-log.ts";
import type { ReportUnreadable } from "./stored-json.ts";
import type { Tables } from "./tables.ts";

/** The longest delay of an item. A later time shows that the clock was set back. */
const MAX_WAIT_MS = 3_600_000;

/**
 * Messages to be sent. A row is written before the first try and keeps its transaction ID, so that
 * a crash neither loses nor repeats a message.
 */
export class OutboxItems {
  readonly #database: Kysely<Tables>;
  readonly #log: ErasingLog;
  readonly #report: ReportUnreadable;

  constructor(database: Kysely<Tables>, { log, report }: { log: ErasingLog; report: ReportUnreadable }) {
    this.#database = database;
    this.#log = log;
    this.#report = report;
  }

  /**
   * Adds an item. An item with a known transaction ID is not changed. An edit replaces older unsent
   * edits of the same message. If its cause was erased, the answer to a message is sent without the
   * name of its recipient, and other news is not sent.
   */
  async add(item: NewOutboxItem, now: number): Promise<void> {
    await this.#database.transaction().execute(async (transaction) => {
      const { edits, forUser, cause } = item;
      const isForgotten = forUser !== null && !(await isStillKnown(transaction, forUser, cause));
      if (isForgotten && cause?.kind !== "event") return;
      const { numInsertedOrUpdatedRows } = await transaction
        .insertInto("outbox")
        .values(toRow(isForgotten ? { ...item, forUser: null } : item, now))
        .onConflict((conflict) => conflict.doNothing())
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
      if (item.priority === outboxPriority.progress) await dropProgress(transaction, edits, "unsent");
    });
  }

  /** The items that are due, by priority; in each room only those that wait for no other item. */
  async due(now: number, limit: number): Promise<DueItem[]> {
    const rows = await this.#waitingForNone()
      .select(["item.id", "item.room_id", "item.for_user", "item.priority", "item.crash_score"])
      .where((expression) =>
        expression.or([
          expression("item.not_before", "<=", now),
          expression.and([
            expression("item.not_before", ">", now + MAX_WAIT_MS),
            expression("item.not_before", "<", UNTIL_CHAT_OPENS),
          ]),
        ]),
      )
      .orderBy("item.priority")
      .orderBy("item.id")
      .limit(limit)
      .execute();
    return rows.map(dueFromRow);
  }

  /** When the next item becomes due; null if none waits for a time. */
  async nextDueAt(now: number): Promise<number | null> {
    const row = await this.#waitingForNone()
      .select(({ fn }) => fn.min("item.not_before").as("at"))
      .where("item.not_before", ">", now)
      .where("item.not_before", "<", UNTIL_CHAT_OPENS)
      .executeTakeFirst();
    return row?.at ?? null;
  }

  /**
   * In each room an item waits for older items that are as urgent or more urgent. So answers keep
   * their order, and an edit follows the message it edits. Redactions have no order: no item waits
   * for a redaction, and a redaction waits for no item.
   */
  #waitingForNone() {
    return this.#database
      .selectFrom("outbox as item")
      .where("item.finished_at", "is", null)
      .where((expression) =>
        expression.or([
          expression("item.priority", "=", outboxPriority.redaction),
          expression.not(
            expression.exists(
              expression
                .selectFrom("outbox as older")
                .select("older.id")
                .whereRef("older.room_id", "=", "item.room_id")
                .where("older.priority", ">", outboxPriority.redaction)
                .whereRef("older.priority", "<=", "item.priority")
                .whereRef("older.id", "<", "item.id")
                .where("older.finished_at", "is", null),
            ),
          ),
        ]),
      );
  }

  /** An item that is not sent yet. An unreadable one is given up. */
  async get(id: number, now: number): Promise<OutboxItem | null> {
    const row = await this.#database
      .selectFrom("outbox")
      .selectAll()
      .where("id", "=", id)
      .where("finished_at", "is", null)
      .executeTakeFirst();
    if (row === undefined) return null;
    const item = fromRow(row);
    if (item !== null) return item;
    this.#report({ table: "outbox", key: row.id });
    await this.finish(row.id, { status: "failed", failure: "unreadable" }, now);
    return null;
  }

  async unsentCount(): Promise<number> {
    const row = await this.#database
      .selectFrom("outbox")
      .select(({ fn }) => fn.countAll<number>().as("count"))
      .where("finished_at", "is", null)
      .executeTakeFirst();
    return row?.count ?? 0;
  }

  /** Records a try. Until it has an outcome, it counts as one during which the process ended. */
  async begin(id: number): Promise<void> {
    await this.#database
      .updateTable("outbox")
      .set((expression) => ({
        attempts: expression("attempts", "+", 1),
        crash_score: expression("crash_score", "+", CRASH_SCORE.byKill),
      }))
      .where("id", "=", id)
      .execute();
  }

  /** The attachment is kept until the message is sent: a later try may need another upload. */
  async setContent(id: number, content: Record<string, unknown>): Promise<void> {
    await this.#database
      .updateTable("outbox")
      .set({ content: JSON.stringify(content) })
      .where("id", "=", id)
      .execute();
  }

  /** Lets an item wait before its first try, or before the next one. */
  async wait(id: number, notBefore: number): Promise<void> {
    await this.#database.updateTable("outbox").set({ not_before: notBefore }).where("id", "=", id).execute();
  }

  /** Records that a try had no success. */
  async postpone(id: number, notBefore: number): Promise<void> {
    await this.#database
      .updateTable("outbox")
      .set({ not_before: notBefore, crash_score: 0 })
      .where("id", "=", id)
      .execute();
  }

  /**
   * Records that an item was sent or given up. Its content is erased. The event ID is kept for
   * later edits. The items of a forgotten person and progress that a sent edit replaces are
   * deleted.
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
      await this.#log.clear();
      return;
    }
    await this.#database.transaction().execute(async (transaction) => {
      const row = await transaction
        .updateTable("outbox")
        .set({ finished_at: now, event_id: eventId, failure, content: null, attachment: null })
        .where("id", "=", id)
        .returning(["room_id", "for_user", "numbered_rooms", "edits"])
        .executeTakeFirst();
      if (eventId === null || row === undefined) return;
      if (row.for_user !== null && row.numbered_rooms !== null)
        await putShownList(transaction, { owner: row.for_user, roomIds: row.numbered_rooms });
      if (row.edits === null) return;
      await becomeOriginal(transaction, row.edits, { roomId: row.room_id, eventId, now });
      await dropProgress(transaction, row.edits, id);
    });
  }

  /** The room and the event ID of a message; null if it was not sent. */
  async sentAs(transactionId: string): Promise<{ roomId: string; eventId: string } | null> {
    const row = await this.#database
      .selectFrom("outbox")
      .select(["room_id", "event_id"])
      .where("transaction_id", "=", transactionId)
      .executeTakeFirst();
    return row && row.event_id !== null ? { roomId: row.room_id, eventId: row.event_id } : null;
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
    // Each of these queries uses one index.
    const times = await Promise.all(
      (["transaction_id", "edits"] as const).map((column) =>
        this.#database
          .selectFrom("outbox")
          .select(({ fn }) => fn.max("finished_at").as("at"))
          .where(column, "=", transactionId)
          .where("event_id", "is not", null)
          .executeTakeFirst(),
      ),
    );
    const sent = times.flatMap((row) => row?.at ?? []);
    return sent.length === 0 ? null : Math.max(...sent);
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
}

/**
 * An edit of a message that is not in its room was sent as a message of its own. Later edits edit
 * that message.
 */
async function becomeOriginal(
  transaction: Transaction<Tables>,
  transactionId: string,
  { roomId, eventId, now }: { roomId: string; eventId: string; now: number },
): Promise<void> {
  await transaction
    .updateTable("outbox")
    .set({ room_id: roomId, event_id: eventId, failure: null, finished_at: now })
    .where("transaction_id", "=", transactionId)
    .where("finished_at", "is not", null)
    .where((expression) =>
      expression.or([expression("room_id", "!=", roomId), expression("event_id", "is", null)]),
    )
    .execute();
}

/**
 * Removes finished edits that showed progress: those that were replaced before they were sent, or
 * all before a newer one. A command that is handled again after a crash shows its progress again.
 * Other edits are kept, because a repeated one must not replace a newer one.
 */
async function dropProgress(
  transaction: Transaction<Tables>,
  edits: string,
  which: "unsent" | number,
): Promise<void> {
  const finished = transaction
    .deleteFrom("outbox")
    .where("edits", "=", edits)
    .where("finished_at", "is not", null)
    .where("priority", "=", outboxPriority.progress);
  await (
    which === "unsent" ? finished.where("event_id", "is", null) : finished.where("id", "<", which)
  ).execute();
}

import type { Kysely, Transaction } from "kysely";
import type { OutboxItem } from "./outbox-item.ts";
import { UNTIL_CHAT_OPENS } from "./outbox-item.ts";
import type { Tables } from "./tables.ts";

/**
 * Moves unsent messages to the rooms in which their recipients are. A message follows its recipient
 * to another room.
 */
export class Recipients {
  readonly #database: Kysely<Tables>;

  constructor(database: Kysely<Tables>) {
    this.#database = database;
  }

  /** Lets an item wait until a chat with its recipient is opened (`releaseTo`). */
  async holdForChat(id: number, content: Record<string, unknown>): Promise<void> {
    await this.#database
      .updateTable("outbox")
      .set({ content: JSON.stringify(content), not_before: UNTIL_CHAT_OPENS, crash_score: 0 })
      .where("id", "=", id)
      .execute();
  }

  /** Sends the items that wait for a chat with this person to a room. Returns how many they are. */
  async releaseTo(userId: string, roomId: string): Promise<number> {
    return this.#database.transaction().execute(async (transaction) => {
      const rows = await transaction
        .updateTable("outbox")
        .set({ room_id: roomId, not_before: 0 })
        .where("for_user", "=", userId)
        .where("not_before", "=", UNTIL_CHAT_OPENS)
        .where("finished_at", "is", null)
        .returning("transaction_id")
        .execute();
      for (const row of rows)
        await moveQuestion(transaction, { transactionId: row.transaction_id, forUser: userId, roomId });
      return rows.length;
    });
  }

  /** Sends an item to another room. A question is then answered there. */
  async move(
    { id, transactionId, forUser }: Pick<OutboxItem, "id" | "transactionId" | "forUser">,
    { roomId, content }: { roomId: string; content: Record<string, unknown> },
  ): Promise<void> {
    await this.#database.transaction().execute(async (transaction) => {
      await transaction
        .updateTable("outbox")
        .set({ room_id: roomId, content: JSON.stringify(content) })
        .where("id", "=", id)
        .execute();
      await moveQuestion(transaction, { transactionId, forUser, roomId });
    });
  }
}

/** Deletes the items of a person that wait for a chat with them, which may never be opened. */
export async function deleteHeldItems(transaction: Transaction<Tables>, userId: string): Promise<void> {
  await transaction
    .deleteFrom("outbox")
    .where("for_user", "=", userId)
    .where("not_before", "=", UNTIL_CHAT_OPENS)
    .where("finished_at", "is", null)
    .execute();
}

/**
 * If the item is a question's message, the question is asked in this room, and the reaction to it
 * waits for it there.
 */
async function moveQuestion(
  transaction: Transaction<Tables>,
  { transactionId, forUser, roomId }: { transactionId: string; forUser: string | null; roomId: string },
): Promise<void> {
  const { numUpdatedRows } = await transaction
    .updateTable("question")
    .set({ room_id: roomId })
    .where("transaction_id", "=", transactionId)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) return;
  await transaction
    .updateTable("outbox")
    .set({ room_id: roomId })
    .where("for_user", "=", forUser)
    .where("kind", "=", "reaction")
    .where("finished_at", "is", null)
    .execute();
}

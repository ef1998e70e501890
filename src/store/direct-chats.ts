import type { Kysely } from "kysely";
import type { Cause } from "./cause.ts";
import { isStillKnown } from "./cause.ts";
import type { Tables } from "./tables.ts";

/** The direct chats of the bot, by the person in them. */
export class DirectChatRows {
  readonly #database: Kysely<Tables>;

  constructor(database: Kysely<Tables>) {
    this.#database = database;
  }

  /** Stores a chat as the newest one of its person, unless the cause was erased. */
  async put(
    { roomId, userId, cause }: { roomId: string; userId: string; cause: Cause | null },
    now: number,
  ): Promise<void> {
    await this.#database.transaction().execute(async (transaction) => {
      if (!(await isStillKnown(transaction, userId, cause))) return;
      await transaction
        .insertInto("direct_chat")
        .values({ room_id: roomId, user_id: userId, used_at: now })
        .onConflict((conflict) => conflict.column("room_id").doUpdateSet({ user_id: userId, used_at: now }))
        .execute();
    });
  }

  /** The rooms of a person, newest first. */
  async of(userId: string): Promise<string[]> {
    const rows = await this.#database
      .selectFrom("direct_chat")
      .select("room_id")
      .where("user_id", "=", userId)
      .orderBy("used_at", "desc")
      .execute();
    return rows.map((row) => row.room_id);
  }

  /** Call this when the bot left a room. */
  async remove(roomId: string): Promise<void> {
    await this.#database.deleteFrom("direct_chat").where("room_id", "=", roomId).execute();
  }
}

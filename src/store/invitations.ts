import type { Kysely } from "kysely";
import type { Tables } from "./tables.ts";

/** An invitation to the bot. */
export interface Invitation {
  roomId: string;
  inviter: string;
  /** The inviter's client marked it as a direct chat. */
  isDirect: boolean;
  attempts: number;
}

/** No invitation waits longer. A later time shows that the clock was set back. */
const MAX_WAIT_MS = 3_600_000;

/**
 * Invitations to the bot that are not answered yet. A sync reports each only once, so they are
 * stored.
 */
export class Invitations {
  readonly #database: Kysely<Tables>;

  constructor(database: Kysely<Tables>) {
    this.#database = database;
  }

  /**
   * Stores an invitation. It replaces an earlier one to the same room.
   * @param notBefore when it is due, in milliseconds since the epoch
   */
  async put({ roomId, inviter, isDirect }: Omit<Invitation, "attempts">, notBefore: number): Promise<void> {
    const row = { inviter, is_direct: isDirect ? 1 : 0, attempts: 0, not_before: notBefore };
    await this.#database
      .insertInto("invitation")
      .values({ room_id: roomId, ...row })
      .onConflict((conflict) => conflict.column("room_id").doUpdateSet(row))
      .execute();
  }

  async due(now: number): Promise<Invitation[]> {
    const rows = await this.#database
      .selectFrom("invitation")
      .selectAll()
      .where((expression) =>
        expression.or([
          expression("not_before", "<=", now),
          expression("not_before", ">", now + MAX_WAIT_MS),
        ]),
      )
      .execute();
    return rows.map((row) => ({
      roomId: row.room_id,
      inviter: row.inviter,
      isDirect: row.is_direct === 1,
      attempts: row.attempts,
    }));
  }

  /** When the next invitation becomes due; null if none waits for a time. */
  async nextDueAt(now: number): Promise<number | null> {
    const row = await this.#database
      .selectFrom("invitation")
      .select(({ fn }) => fn.min("not_before").as("at"))
      .where("not_before", ">", now)
      .executeTakeFirst();
    return row?.at ?? null;
  }

  async postpone(roomId: string, notBefore: number): Promise<void> {
    await this.#database
      .updateTable("invitation")
      .set((expression) => ({ attempts: expression("attempts", "+", 1), not_before: notBefore }))
      .where("room_id", "=", roomId)
      .execute();
  }

  async remove(roomId: string): Promise<void> {
    await this.#database.deleteFrom("invitation").where("room_id", "=", roomId).execute();
  }
}

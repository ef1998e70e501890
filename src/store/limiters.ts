import type { Kysely, Transaction } from "kysely";
import { parseColumn } from "./stored-json.ts";
import type { Tables } from "./tables.ts";

/** The state of a rate limiter, as JSON of the queue. */
export interface LimiterRow {
  userId: string;
  name: string;
  state: unknown;
}

/** The state of the rate limiters of accounts on their servers. */
export class Limiters {
  readonly #database: Kysely<Tables>;

  constructor(database: Kysely<Tables>) {
    this.#database = database;
  }

  async of(userId: string): Promise<LimiterRow[]> {
    const rows = await this.#database
      .selectFrom("limiter")
      .selectAll()
      .where("user_id", "=", userId)
      .execute();
    return rows.map((row) => ({
      userId: row.user_id,
      name: row.name,
      state: parseColumn(row.state),
    }));
  }

  async forget(userId: string): Promise<void> {
    await this.#database.deleteFrom("limiter").where("user_id", "=", userId).execute();
  }
}

/** Stores limiters together with the step whose request they count. */
export async function writeLimiters(
  transaction: Transaction<Tables>,
  limiters: readonly LimiterRow[],
): Promise<void> {
  for (const { userId, name, state } of limiters)
    await transaction
      .insertInto("limiter")
      .values({ user_id: userId, name, state: JSON.stringify(state) })
      .onConflict((conflict) =>
        conflict.columns(["user_id", "name"]).doUpdateSet({ state: JSON.stringify(state) }),
      )
      .execute();
}

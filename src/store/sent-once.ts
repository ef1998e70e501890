import type { Kysely } from "kysely";
import type { Tables } from "./tables.ts";

/** Messages that are sent only once: the first caller for a subject gets true, later ones false. */
export class SentOnce {
  readonly #database: Kysely<Tables>;

  constructor(database: Kysely<Tables>) {
    this.#database = database;
  }

  /** @param person the user whom the subject concerns, so that `!forget` finds it */
  async take(subject: string, person: string, now: number): Promise<boolean> {
    const result = await this.#database
      .insertInto("once")
      .values({ subject, person, at: now })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    return result.numInsertedOrUpdatedRows === 1n;
  }

  async prune(takenBefore: number): Promise<void> {
    await this.#database.deleteFrom("once").where("at", "<", takenBefore).execute();
  }
}

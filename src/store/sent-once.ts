import type { Kysely } from "kysely";
import type { Cause } from "./cause.ts";
import { isStillKnown } from "./cause.ts";
import type { Tables } from "./tables.ts";

/** Messages that are sent only once: the first caller for a subject gets true, later ones false. */
export class SentOnce {
  readonly #database: Kysely<Tables>;

  constructor(database: Kysely<Tables>) {
    this.#database = database;
  }

  /**
   * @param person the user whom the subject concerns, so that `!forget` finds it
   * @returns false as well if the cause was erased
   */
  async take(
    { subject, person, cause }: { subject: string; person: string; cause: Cause | null },
    now: number,
  ): Promise<boolean> {
    return this.#database.transaction().execute(async (transaction) => {
      if (!(await isStillKnown(transaction, person, cause))) return false;
      const result = await transaction
        .insertInto("once")
        .values({ subject, person, at: now })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst();
      return result.numInsertedOrUpdatedRows === 1n;
    });
  }

  async prune(takenBefore: number): Promise<void> {
    await this.#database.deleteFrom("once").where("at", "<", takenBefore).execute();
  }
}

import type { Kysely, Transaction } from "kysely";
import { z } from "zod";
import type { Account, FileAccount } from "../model/account.ts";
import { parseColumn } from "./stored-json.ts";
import type { Tables } from "./tables.ts";

/** The last plan of a person. Its content is defined by the service. */
export interface PlanRow {
  number: number;
  createdAt: number;
  payload: unknown;
}

/** An account that a plan is made of. */
export type PlannedAccount =
  Pick<Account, "side" | "userId" | "signedInAt"> | Pick<FileAccount, "side" | "userId" | "importedAt">;

const roomIdsSchema = z.array(z.string());

/** The last plan of each person, and the last list of rooms shown to them. */
export class Plans {
  readonly #database: Kysely<Tables>;

  constructor(database: Kysely<Tables>) {
    this.#database = database;
  }

  /**
   * Replaces the previous plan.
   * @param accounts the signed-in accounts that it was made of
   * @returns the new plan's number: a person's plans are counted from one. `null` if one of the
   * accounts is no longer signed in, or was signed in again; then nothing is stored.
   */
  async put(
    owner: string,
    { payload, accounts }: { payload: unknown; accounts: readonly PlannedAccount[] },
    now: number,
  ): Promise<number | null> {
    return this.#database.transaction().execute(async (transaction) => {
      for (const account of accounts) if (!(await isUnchanged(transaction, owner, account))) return null;
      const before = await transaction
        .selectFrom("plan")
        .select("number")
        .where("owner", "=", owner)
        .executeTakeFirst();
      const number = (before?.number ?? 0) + 1;
      const row = { number, created_at: now, payload: JSON.stringify(payload) };
      await transaction
        .insertInto("plan")
        .values({ owner, ...row })
        .onConflict((conflict) => conflict.column("owner").doUpdateSet(row))
        .execute();
      return number;
    });
  }

  /** Replaces the content of the plan with that number. Nothing happens if a newer plan exists. */
  async update(owner: string, number: number, payload: unknown): Promise<void> {
    await this.#database
      .updateTable("plan")
      .set({ payload: JSON.stringify(payload) })
      .where("owner", "=", owner)
      .where("number", "=", number)
      .execute();
  }

  async last(owner: string): Promise<PlanRow | null> {
    const row = await this.#database
      .selectFrom("plan")
      .selectAll()
      .where("owner", "=", owner)
      .executeTakeFirst();
    return row ? { number: row.number, createdAt: row.created_at, payload: parseColumn(row.payload) } : null;
  }

  /** The rooms of the numbered list that a person was shown last, in its order. */
  async numberedRoomIds(owner: string): Promise<readonly string[]> {
    const row = await this.#database
      .selectFrom("shown_list")
      .select("room_ids")
      .where("owner", "=", owner)
      .executeTakeFirst();
    return row ? (roomIdsSchema.safeParse(parseColumn(row.room_ids)).data ?? []) : [];
  }
}

async function isUnchanged(
  transaction: Transaction<Tables>,
  owner: string,
  account: PlannedAccount,
): Promise<boolean> {
  const { side, userId } = account;
  if ("importedAt" in account) {
    const imported = await transaction
      .selectFrom("imported_account")
      .select("owner")
      .where("owner", "=", owner)
      .where("user_id", "=", userId)
      .where("imported_at", "=", account.importedAt)
      .executeTakeFirst();
    return imported !== undefined;
  }
  const row = await transaction
    .selectFrom("account")
    .select("owner")
    .where("owner", "=", owner)
    .where("side", "=", side)
    .where("user_id", "=", userId)
    .where("signed_in_at", "=", account.signedInAt)
    .executeTakeFirst();
  return row !== undefined;
}

/**
 * Stores the list that a person has just been shown.
 * @param list `roomIds` as JSON
 */
export async function putShownList(
  database: Kysely<Tables>,
  { owner, roomIds }: { owner: string; roomIds: string },
): Promise<void> {
  await database
    .insertInto("shown_list")
    .values({ owner, room_ids: roomIds })
    .onConflict((conflict) => conflict.column("owner").doUpdateSet({ room_ids: roomIds }))
    .execute();
}

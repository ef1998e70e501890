import type { Kysely } from "kysely";
import { sides } from "../model/account.ts";
import { deviceKeyName } from "./device-keys.ts";
import { deleteHeldItems } from "./recipients.ts";
import type { Tables } from "./tables.ts";

/** The numbers of erased rows, by kind. */
export interface Erased {
  accounts: number;
  secrets: number;
  messages: number;
  /** Whether files about an old account were imported. */
  hadFiles: boolean;
}

/** Whether accounts, a sign-in, a plan, a run, work with keys or files of a person are stored. */
export async function holdsRowsOf(database: Kysely<Tables>, owner: string): Promise<boolean> {
  for (const table of ["account", "sign_in_link", "plan", "run", "key_copy", "imported_account"] as const) {
    const row = await database
      .selectFrom(table)
      .select("owner")
      .where("owner", "=", owner)
      .limit(1)
      .executeTakeFirst();
    if (row !== undefined) return true;
  }
  return false;
}

/** Further tables whose rows are only about their owner. */
const OTHER_TABLES = [
  ...(["key_copy", "copied_keys", "unusable_key"] as const),
  ...(["asked_question", "opened_chat", "announced_room"] as const),
  ...(["silent_server", "finish_state"] as const),
  ...(["imported_room", "imported_contact"] as const),
] as const;

/**
 * Erases every row of a person, in one transaction. Messages being sent and events being handled
 * finish without the name. After that, nothing is kept of the message (`OutboxItems.finish`) and
 * only the ID of the event (`ReceivedEvents.finish`).
 */
export async function eraseOwner(database: Kysely<Tables>, owner: string): Promise<Erased> {
  return database.transaction().execute(async (transaction) => {
    const accounts = await transaction.deleteFrom("account").where("owner", "=", owner).executeTakeFirst();
    await transaction.deleteFrom("plan").where("owner", "=", owner).execute();
    await transaction.deleteFrom("question").where("owner", "=", owner).execute();
    await transaction.deleteFrom("kept_request").where("owner", "=", owner).execute();
    const files = await transaction
      .deleteFrom("imported_account")
      .where("owner", "=", owner)
      .executeTakeFirst();
    for (const table of OTHER_TABLES)
      await transaction.deleteFrom(table).where("owner", "=", owner).execute();
    const users = await transaction
      .selectFrom("run")
      .select(["source", "target"])
      .where("owner", "=", owner)
      .execute();
    const userIds = users.flatMap(({ source, target }) => [source, target]);
    if (userIds.length > 0) await transaction.deleteFrom("limiter").where("user_id", "in", userIds).execute();
    await transaction.deleteFrom("run").where("owner", "=", owner).execute();
    await transaction.deleteFrom("shown_list").where("owner", "=", owner).execute();
    await transaction.deleteFrom("sign_in_attempt").where("owner", "=", owner).execute();
    await transaction.deleteFrom("sign_in_link").where("owner", "=", owner).execute();
    const secrets = await transaction
      .deleteFrom("secret")
      .where("name", "in", [
        ...sides.map((side) => `session ${side} ${owner}`),
        ...sides.map((side) => deviceKeyName(owner, side)),
      ])
      .executeTakeFirst();
    const messages = await transaction
      .deleteFrom("outbox")
      .where("for_user", "=", owner)
      .where("finished_at", "is not", null)
      .executeTakeFirst();
    await deleteHeldItems(transaction, owner);
    await transaction.updateTable("outbox").set({ for_user: null }).where("for_user", "=", owner).execute();
    await transaction
      .updateTable("received_event")
      .set({ sender: null })
      .where("sender", "=", owner)
      .execute();
    await transaction.deleteFrom("received_file").where("sender", "=", owner).execute();
    await transaction.deleteFrom("invitation").where("inviter", "=", owner).execute();
    await transaction.deleteFrom("undecrypted_event").where("sender", "=", owner).execute();
    await transaction.deleteFrom("direct_chat").where("user_id", "=", owner).execute();
    await transaction.deleteFrom("once").where("person", "=", owner).execute();
    return {
      accounts: Number(accounts.numDeletedRows),
      secrets: Number(secrets.numDeletedRows),
      messages: Number(messages.numDeletedRows),
      hadFiles: files.numDeletedRows > 0n,
    };
  });
}

import type { Kysely, Transaction } from "kysely";
import type { SealedSecrets } from "./sealed-secrets.ts";
import type { ErasingLog } from "./sqlite/write-ahead-log.ts";
import type { Tables } from "./tables.ts";

/**
 * State of the bot itself: plain values (sync position) and sealed ones (its session, its
 * cross-signing keys).
 */
export class BotState {
  readonly #database: Kysely<Tables>;
  readonly #secrets: SealedSecrets;
  readonly #log: ErasingLog;

  constructor(database: Kysely<Tables>, secrets: SealedSecrets, log: ErasingLog) {
    this.#database = database;
    this.#secrets = secrets;
    this.#log = log;
  }

  async get(key: string): Promise<string | null> {
    const row = await this.#database
      .selectFrom("bot_state")
      .select("value")
      .where("key", "=", key)
      .executeTakeFirst();
    return row?.value ?? null;
  }

  /** Null removes the key. */
  async set(key: string, value: string | null): Promise<void> {
    if (value === null) await this.#database.deleteFrom("bot_state").where("key", "=", key).execute();
    else
      await this.#database
        .insertInto("bot_state")
        .values({ key, value })
        .onConflict((conflict) => conflict.column("key").doUpdateSet({ value }))
        .execute();
  }

  async getSecret(name: string): Promise<string | null> {
    const row = await this.#database
      .selectFrom("secret")
      .select("sealed")
      .where("name", "=", name)
      .executeTakeFirst();
    return row ? this.#secrets.open(name, row.sealed) : null;
  }

  async setSecret(name: string, text: string | null): Promise<void> {
    await writeSecret(this.#database, this.#secrets, { name }, text);
    this.#log.clearSoon();
  }
}

/**
 * Writes one sealed secret, or removes it (null). Uses the caller's transaction if there is one.
 * `place` is authenticated with it.
 */
export async function writeSecret(
  database: Kysely<Tables> | Transaction<Tables>,
  secrets: SealedSecrets,
  { name, place = name }: { name: string; place?: string },
  text: string | null,
): Promise<void> {
  if (text === null) await database.deleteFrom("secret").where("name", "=", name).execute();
  else {
    const row = { sealed: secrets.seal(place, text) };
    await database
      .insertInto("secret")
      .values({ name, ...row })
      .onConflict((conflict) => conflict.column("name").doUpdateSet(row))
      .execute();
  }
}

import type { Kysely } from "kysely";
import { sql } from "kysely";
import type { Account, Side } from "../model/account.ts";
import { writeSecret } from "./bot-state.ts";
import type { SealedSecrets } from "./sealed-secrets.ts";
import type { ErasingLog } from "./sqlite/write-ahead-log.ts";
import type { Tables } from "./tables.ts";

/**
 * The keys that encrypt the crypto accounts of the bot's sessions. Each is sealed, and lives as
 * long as its session. A crypto account without its key is unreadable.
 */
export class DeviceKeys {
  readonly #database: Kysely<Tables>;
  readonly #secrets: SealedSecrets;
  readonly #log: ErasingLog;

  constructor(database: Kysely<Tables>, { secrets, log }: { secrets: SealedSecrets; log: ErasingLog }) {
    this.#database = database;
    this.#secrets = secrets;
    this.#log = log;
  }

  /** @returns `null` for none of this session */
  async get(account: Account): Promise<string | null> {
    const row = await this.#database
      .selectFrom("secret")
      .select("sealed")
      .where("name", "=", deviceKeyName(account.owner, account.side))
      .executeTakeFirst();
    return row ? this.#secrets.tryOpen(sealingPlace(account), row.sealed) : null;
  }

  /** The sessions with a key. */
  async sessions(): Promise<Pick<Account, "owner" | "side">[]> {
    const rows = await this.#database
      .selectFrom("account")
      .innerJoin("secret", (join) =>
        join.on("secret.name", "=", sql<string>`'device ' || account.side || ' ' || account.owner`),
      )
      .select(["owner", "side"])
      .execute();
    return rows.map(({ owner, side }) => ({ owner, side: side === "source" ? "source" : "target" }));
  }

  /** Returns false and stores nothing if the account is signed in with another session by now. */
  async put(account: Account, key: string): Promise<boolean> {
    const { owner, side, userId, deviceId } = account;
    const isStored = await this.#database.transaction().execute(async (transaction) => {
      const stored = await transaction
        .selectFrom("account")
        .select(["user_id", "device_id"])
        .where("owner", "=", owner)
        .where("side", "=", side)
        .executeTakeFirst();
      if (stored?.user_id !== userId || stored.device_id !== deviceId) return false;
      const where = { name: deviceKeyName(owner, side), place: sealingPlace(account) };
      await writeSecret(transaction, this.#secrets, where, key);
      return true;
    });
    if (isStored) this.#log.clearSoon();
    return isStored;
  }
}

/** Erases the key together with its session. */
export async function eraseDeviceKey(transaction: Kysely<Tables>, owner: string, side: Side): Promise<void> {
  await transaction.deleteFrom("secret").where("name", "=", deviceKeyName(owner, side)).execute();
}

/** Erases the key of a session that is replaced. A sign-in with the same session keeps it. */
export async function eraseOtherDeviceKey(
  transaction: Kysely<Tables>,
  { owner, side, userId, deviceId }: Account,
): Promise<void> {
  const same = await transaction
    .selectFrom("account")
    .select("owner")
    .where("owner", "=", owner)
    .where("side", "=", side)
    .where("user_id", "=", userId)
    .where("device_id", "=", deviceId)
    .executeTakeFirst();
  if (same === undefined) await eraseDeviceKey(transaction, owner, side);
}

/** The name of the key among the secrets. */
export function deviceKeyName(owner: string, side: Side): string {
  return `device ${side} ${owner}`;
}

/** The session is authenticated with its key: a later session cannot open it. */
function sealingPlace({ owner, side, userId, deviceId }: Account): string {
  return JSON.stringify(["device", side, owner, userId, deviceId]);
}

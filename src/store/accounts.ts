import type { Kysely, Selectable } from "kysely";
import type { Account, SessionTokens, Side, SignedInAccount } from "../model/account.ts";
import { sessionTokensSchema, signInMethods } from "../model/account.ts";
import { writeSecret } from "./bot-state.ts";
import { eraseDeviceKey, eraseOtherDeviceKey } from "./device-keys.ts";
import { keyCopyAfterSignIn, keyCopyAfterSignOut } from "./key-copy-accounts.ts";
import type { SealedSecrets } from "./sealed-secrets.ts";
import type { ErasingLog } from "./sqlite/write-ahead-log.ts";
import type { ReportUnreadable } from "./stored-json.ts";
import { parseColumn } from "./stored-json.ts";
import type { Tables } from "./tables.ts";

/** A sign-in whose answer has not been stored yet. */
export interface SignInAttempt {
  owner: string;
  side: Side;
  userId: string;
  baseUrl: string;
  deviceId: string;
}

/** The signed-in accounts of each person, at most two. Their tokens are sealed. */
export class Accounts {
  readonly #database: Kysely<Tables>;
  readonly #secrets: SealedSecrets;
  readonly #log: ErasingLog;
  readonly #report: ReportUnreadable;

  constructor(
    database: Kysely<Tables>,
    { secrets, log, report }: { secrets: SealedSecrets; log: ErasingLog; report: ReportUnreadable },
  ) {
    this.#database = database;
    this.#secrets = secrets;
    this.#log = log;
    this.#report = report;
  }

  async get(owner: string, side: Side): Promise<Account | null> {
    const row = await this.#database
      .selectFrom("account")
      .selectAll()
      .where("owner", "=", owner)
      .where("side", "=", side)
      .executeTakeFirst();
    return row ? fromRow(row) : null;
  }

  /** An account and its tokens, read at one moment. */
  async signedIn(owner: string, side: Side): Promise<SignedInAccount | null> {
    return this.#database.transaction().execute((transaction) => this.#signedIn(transaction, owner, side));
  }

  async session(owner: string, side: Side): Promise<SessionTokens | null> {
    return (await this.signedIn(owner, side))?.tokens ?? null;
  }

  /**
   * Stores a proven account with its session and removes the sign-in attempt. Replaces an earlier
   * account of that side with the key of its crypto account, and updates work with its keys.
   */
  async put(account: Account, session: SessionTokens): Promise<void> {
    await this.#database.transaction().execute(async (transaction) => {
      await eraseOtherDeviceKey(transaction, account);
      const row = {
        user_id: account.userId,
        base_url: account.baseUrl,
        method: account.method,
        device_id: account.deviceId,
        signed_in_at: account.signedInAt,
      };
      await transaction
        .insertInto("account")
        .values({ owner: account.owner, side: account.side, ...row })
        .onConflict((conflict) => conflict.columns(["owner", "side"]).doUpdateSet(row))
        .execute();
      await writeSecret(
        transaction,
        this.#secrets,
        { name: secretName(account.owner, account.side), place: sealingPlace(account) },
        JSON.stringify(session),
      );
      await deleteRow(transaction, "sign_in_attempt", account.owner, account.side);
      await keyCopyAfterSignIn(transaction, account);
    });
    this.#log.clearSoon();
  }

  /**
   * Stores the renewed tokens of a session. Returns false and stores nothing if the stored tokens
   * are no longer those that were renewed.
   */
  async renew({ account, tokens }: SignedInAccount, next: SessionTokens): Promise<boolean> {
    const { owner, side, userId } = account;
    const isRenewed = await this.#database.transaction().execute(async (transaction) => {
      const stored = await this.#signedIn(transaction, owner, side);
      if (stored?.account.userId !== userId || stored.tokens.accessToken !== tokens.accessToken) return false;
      await writeSecret(
        transaction,
        this.#secrets,
        { name: secretName(owner, side), place: sealingPlace(stored.account) },
        JSON.stringify(next),
      );
      return true;
    });
    if (isRenewed) this.#log.clearSoon();
    return isRenewed;
  }

  /**
   * Moves a session to another address of its server, and seals it anew with that address. Returns
   * false and stores nothing if it is no longer the stored session.
   */
  async readdress({ account, tokens }: SignedInAccount, baseUrl: string): Promise<boolean> {
    const { owner, side, userId } = account;
    const isMoved = await this.#database.transaction().execute(async (transaction) => {
      const stored = await this.#signedIn(transaction, owner, side);
      if (stored?.account.userId !== userId || stored.account.baseUrl !== account.baseUrl) return false;
      if (stored.tokens.accessToken !== tokens.accessToken) return false;
      await transaction
        .updateTable("account")
        .set({ base_url: baseUrl })
        .where("owner", "=", owner)
        .where("side", "=", side)
        .execute();
      await writeSecret(
        transaction,
        this.#secrets,
        { name: secretName(owner, side), place: sealingPlace({ ...stored.account, baseUrl }) },
        JSON.stringify(stored.tokens),
      );
      return true;
    });
    if (isMoved) this.#log.clearSoon();
    return isMoved;
  }

  async #signedIn(transaction: Kysely<Tables>, owner: string, side: Side): Promise<SignedInAccount | null> {
    const name = secretName(owner, side);
    const row = await transaction
      .selectFrom("account")
      .innerJoin("secret", (join) => join.on("secret.name", "=", name))
      .selectAll("account")
      .select("secret.sealed")
      .where("owner", "=", owner)
      .where("side", "=", side)
      .executeTakeFirst();
    if (!row) return null;
    const account = fromRow(row);
    const tokens = this.#tokens(account, row.sealed);
    return tokens && { account, tokens };
  }

  /** @returns `null` for tokens that cannot be read; the person has to sign in again */
  #tokens(account: Account, sealed: Buffer): SessionTokens | null {
    const { data } = sessionTokensSchema.safeParse(
      parseColumn(this.#secrets.tryOpen(sealingPlace(account), sealed) ?? ""),
    );
    if (data === undefined) this.#report({ table: "secret", key: secretName(account.owner, account.side) });
    return data ?? null;
  }

  /**
   * Ends work with the keys of an account that is about to be removed. Resolves when nothing that
   * opens them is left in a file of the database.
   */
  async endWorkWithKeys(owner: string, side: Side): Promise<void> {
    await this.#database
      .transaction()
      .execute((transaction) => keyCopyAfterSignOut(transaction, owner, side));
    await this.#log.clear();
  }

  /**
   * Removes an account and ends work with its keys. Resolves when nothing of its session is left in
   * a file of the database.
   */
  async remove(owner: string, side: Side): Promise<void> {
    await this.#database.transaction().execute(async (transaction) => {
      await deleteRow(transaction, "account", owner, side);
      await writeSecret(transaction, this.#secrets, { name: secretName(owner, side) }, null);
      await eraseDeviceKey(transaction, owner, side);
      await keyCopyAfterSignOut(transaction, owner, side);
    });
    await this.#log.clear();
  }

  /** The current attempt for this account, or a new one with the given device ID. */
  async beginAttempt(attempt: SignInAttempt, now: number): Promise<SignInAttempt> {
    return this.#database.transaction().execute(async (transaction) => {
      const row = await transaction
        .selectFrom("sign_in_attempt")
        .selectAll()
        .where("owner", "=", attempt.owner)
        .where("side", "=", attempt.side)
        .executeTakeFirst();
      if (row?.user_id === attempt.userId && row.base_url === attempt.baseUrl)
        return { ...attempt, deviceId: row.device_id };
      const begun = {
        user_id: attempt.userId,
        base_url: attempt.baseUrl,
        device_id: attempt.deviceId,
        started_at: now,
      };
      await transaction
        .insertInto("sign_in_attempt")
        .values({ owner: attempt.owner, side: attempt.side, ...begun })
        .onConflict((conflict) => conflict.columns(["owner", "side"]).doUpdateSet(begun))
        .execute();
      return attempt;
    });
  }

  async endAttempt(owner: string, side: Side): Promise<void> {
    await deleteRow(this.#database, "sign_in_attempt", owner, side);
  }
}

function deleteRow(
  database: Kysely<Tables>,
  table: "account" | "sign_in_attempt",
  owner: string,
  side: Side,
): Promise<unknown> {
  return database.deleteFrom(table).where("owner", "=", owner).where("side", "=", side).execute();
}

function secretName(owner: string, side: Side): string {
  return `session ${side} ${owner}`;
}

/**
 * The account and the server's address are authenticated with the sealed session. If somebody
 * changes them in the database, the session can no longer be opened, so no token is sent elsewhere.
 */
export function sealingPlace({
  owner,
  side,
  userId,
  baseUrl,
}: Pick<Account, "owner" | "side" | "userId" | "baseUrl">): string {
  return JSON.stringify(["session", side, owner, userId, baseUrl]);
}

function fromRow(row: Selectable<Tables["account"]>): Account {
  return {
    owner: row.owner,
    side: row.side === "source" ? "source" : "target",
    userId: row.user_id,
    baseUrl: row.base_url,
    method: signInMethods.find((method) => method === row.method) ?? "token",
    deviceId: row.device_id,
    signedInAt: row.signed_in_at,
  };
}

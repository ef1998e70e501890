import type { Kysely, Selectable, Transaction } from "kysely";
import type { ConversationAddress } from "../model/conversation-address.ts";
import { addressFormat } from "../model/conversation-address.ts";
import type { ReportUnreadable } from "./stored-json.ts";
import { parseColumn } from "./stored-json.ts";
import type { Tables } from "./tables.ts";

/** A request that is tried again, to be stored. */
export interface NewKeptRequest {
  owner: string;
  /** The conversation of the command. */
  address: ConversationAddress;
  /** What is asked for, and why it was not done, as JSON of the service. */
  request: object;
  cause: object;
  askedAt: number;
  /** When it is tried again. */
  notBefore: number;
}

/** A request that is tried again. */
export interface KeptRequestRow extends Omit<NewKeptRequest, "request" | "cause"> {
  id: number;
  request: unknown;
  cause: unknown;
  /** How often it was tried. */
  tries: number;
  /** Whether its run exists. Its owner may not have been informed. */
  isBegun: boolean;
}

/** Requests that could not be done because a server did not answer. A person has at most one. */
export class KeptRequestRows {
  readonly #database: Kysely<Tables>;
  readonly #report: ReportUnreadable;

  constructor(database: Kysely<Tables>, report: ReportUnreadable) {
    this.#database = database;
    this.#report = report;
  }

  /**
   * Stores a request. It replaces the one before.
   * @param userId the account that could not be read; nothing is stored if it was signed out
   */
  async put(
    { owner, address, request, cause, askedAt, notBefore }: NewKeptRequest,
    userId: string,
  ): Promise<void> {
    await this.#database.transaction().execute(async (transaction) => {
      const account = await transaction
        .selectFrom("account")
        .select("user_id")
        .where("owner", "=", owner)
        .where("user_id", "=", userId)
        .executeTakeFirst();
      if (account === undefined) return;
      await transaction.deleteFrom("kept_request").where("owner", "=", owner).execute();
      await transaction
        .insertInto("kept_request")
        .values({
          owner,
          event_id: address.eventId,
          address: JSON.stringify(addressFormat.toStored(address)),
          request: JSON.stringify(request),
          cause: JSON.stringify(cause),
          asked_at: askedAt,
          tries: 1,
          not_before: notBefore,
        })
        .execute();
    });
  }

  async of(owner: string): Promise<KeptRequestRow | null> {
    const row = await this.#database
      .selectFrom("kept_request")
      .selectAll()
      .where("owner", "=", owner)
      .executeTakeFirst();
    return row ? this.#fromRow(row) : null;
  }

  /** The requests that may be tried now, the earliest first. */
  async due(now: number): Promise<KeptRequestRow[]> {
    const rows = await this.#database
      .selectFrom("kept_request")
      .selectAll()
      .where("not_before", "<=", now)
      .orderBy("not_before")
      .execute();
    return rows.map((row) => this.#fromRow(row)).filter((kept) => kept !== null);
  }

  /** When the next request after this time may be tried; `null` if there is none. */
  async nextAt(after: number): Promise<number | null> {
    const row = await this.#database
      .selectFrom("kept_request")
      .select(({ fn }) => fn.min("not_before").as("at"))
      .where("not_before", ">", after)
      .executeTakeFirst();
    return row?.at ?? null;
  }

  /** Records a try that failed. */
  async postpone(
    id: number,
    { cause, notBefore }: Pick<NewKeptRequest, "cause" | "notBefore">,
  ): Promise<void> {
    await this.#database
      .updateTable("kept_request")
      .set((expression) => ({
        cause: JSON.stringify(cause),
        not_before: notBefore,
        tries: expression("tries", "+", 1),
      }))
      .where("id", "=", id)
      .execute();
  }

  /** Makes a request due at once. */
  async hurry(id: number): Promise<void> {
    await this.#database.updateTable("kept_request").set({ not_before: 0 }).where("id", "=", id).execute();
  }

  /** @returns false if the request does not exist */
  async remove(id: number): Promise<boolean> {
    const { numDeletedRows } = await this.#database
      .deleteFrom("kept_request")
      .where("id", "=", id)
      .executeTakeFirst();
    return numDeletedRows > 0n;
  }

  /** An unreadable row is reported and left out. */
  #fromRow(row: Selectable<Tables["kept_request"]>): KeptRequestRow | null {
    const address = addressFormat.fromStored(parseColumn(row.address));
    if (address === null) {
      this.#report({ table: "kept_request", key: row.id });
      return null;
    }
    return {
      id: row.id,
      owner: row.owner,
      address,
      request: parseColumn(row.request),
      cause: parseColumn(row.cause),
      askedAt: row.asked_at,
      tries: row.tries,
      notBefore: row.not_before,
      isBegun: row.is_begun === 1,
    };
  }
}

/**
 * Updates the kept request in the transaction that stores a new run. A request of the same command
 * is marked as begun. A request of another command is removed.
 */
export async function keptRequestBegins(
  transaction: Transaction<Tables>,
  owner: string,
  eventId: string,
): Promise<void> {
  await transaction
    .updateTable("kept_request")
    .set({ is_begun: 1 })
    .where("owner", "=", owner)
    .where("event_id", "=", eventId)
    .execute();
  await transaction
    .deleteFrom("kept_request")
    .where("owner", "=", owner)
    .where("event_id", "<>", eventId)
    .execute();
}

import type { Kysely } from "kysely";
import type { Side } from "../model/account.ts";
import { sides } from "../model/account.ts";
import type { SignInLink } from "../model/sign-in-link.ts";
import { signInLinkSchema } from "../model/sign-in-link.ts";
import { storedFormat } from "../model/stored.ts";
import type { SealedSecrets } from "./sealed-secrets.ts";
import type { ErasingLog } from "./sqlite/write-ahead-log.ts";
import type { ReportUnreadable } from "./stored-json.ts";
import { parseColumn } from "./stored-json.ts";
import type { Tables } from "./tables.ts";

const linkFormat = storedFormat({ version: 1, schema: signInLinkSchema });

/**
 * The pending sign-ins by link, at most one for each side of a person. Each is sealed as a whole.
 */
export class SignInLinks {
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

  get(owner: string, side: Side): Promise<SignInLink | null> {
    return this.#get(this.#database, owner, side);
  }

  async #get(database: Kysely<Tables>, owner: string, side: Side): Promise<SignInLink | null> {
    const row = await database
      .selectFrom("sign_in_link")
      .selectAll()
      .where("owner", "=", owner)
      .where("side", "=", side)
      .executeTakeFirst();
    return row ? this.#fromRow(row) : null;
  }

  async all(): Promise<SignInLink[]> {
    const rows = await this.#database.selectFrom("sign_in_link").selectAll().execute();
    return rows.flatMap((row) => this.#fromRow(row) ?? []);
  }

  /** Stores a link and replaces a pending one for the same side. */
  async put({ owner, side, ...link }: SignInLink): Promise<void> {
    const sealed = this.#secrets.seal(placeOf(owner, side), JSON.stringify(linkFormat.toStored(link)));
    await putRow(this.#database, { owner, side, sealed });
    this.#log.clearSoon();
  }

  /**
   * Stores the newest state of a link.
   * @returns false if the link is no longer pending; then nothing is stored
   */
  async update(link: SignInLink): Promise<boolean> {
    const { owner, side, ...content } = link;
    const isPending = await this.#database.transaction().execute(async (transaction) => {
      const stored = await this.#get(transaction, owner, side);
      if (stored?.deviceId !== link.deviceId) return false;
      const sealed = this.#secrets.seal(placeOf(owner, side), JSON.stringify(linkFormat.toStored(content)));
      await putRow(transaction, { owner, side, sealed });
      return true;
    });
    if (isPending) this.#log.clearSoon();
    return isPending;
  }

  async remove(owner: string, side: Side): Promise<void> {
    await this.#database
      .deleteFrom("sign_in_link")
      .where("owner", "=", owner)
      .where("side", "=", side)
      .execute();
    await this.#log.clear();
  }

  #fromRow(row: { owner: string; side: string; sealed: Buffer }): SignInLink | null {
    const side = sides.find((each) => each === row.side) ?? "source";
    const text = this.#secrets.tryOpen(placeOf(row.owner, side), row.sealed);
    const link = text === null ? null : linkFormat.fromStored(parseColumn(text));
    if (link !== null) return { owner: row.owner, side, ...link };
    this.#report({ table: "sign_in_link", key: placeOf(row.owner, side) });
    return null;
  }
}

function putRow(
  database: Kysely<Tables>,
  { owner, side, sealed }: { owner: string; side: Side; sealed: Buffer },
): Promise<unknown> {
  return database
    .insertInto("sign_in_link")
    .values({ owner, side, sealed })
    .onConflict((conflict) => conflict.columns(["owner", "side"]).doUpdateSet({ sealed }))
    .execute();
}

function placeOf(owner: string, side: Side): string {
  return `link ${side} ${owner}`;
}

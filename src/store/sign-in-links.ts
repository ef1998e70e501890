import type { Kysely } from "kysely";
import type { Side } from "../model/account.ts";
import { sides } from "../model/account.ts";
import type { SignInLink } from "../model/sign-in-link.ts";
import { signInLinkSchema } from "../model/sign-in-link.ts";
import { storedFormat } from "../model/stored.ts";
import type { SealedSecrets } from "./sealed-secrets.ts";
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
  readonly #report: ReportUnreadable;

  constructor(database: Kysely<Tables>, secrets: SealedSecrets, report: ReportUnreadable) {
    this.#database = database;
    this.#secrets = secrets;
    this.#report = report;
  }

  async get(owner: string, side: Side): Promise<SignInLink | null> {
    const row = await this.#database
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
    await this.#database.replaceInto("sign_in_link").values({ owner, side, sealed }).execute();
  }

  /**
   * Stores the newest state of a link.
   * @returns false if the link is no longer pending; then nothing is stored
   */
  async update(link: SignInLink): Promise<boolean> {
    const { owner, side, ...content } = link;
    return this.#database.transaction().execute(async (transaction) => {
      const stored = await new SignInLinks(transaction, this.#secrets, this.#report).get(owner, side);
      if (stored?.deviceId !== link.deviceId) return false;
      const sealed = this.#secrets.seal(placeOf(owner, side), JSON.stringify(linkFormat.toStored(content)));
      await transaction.replaceInto("sign_in_link").values({ owner, side, sealed }).execute();
      return true;
    });
  }

  async remove(owner: string, side: Side): Promise<void> {
    await this.#database
      .deleteFrom("sign_in_link")
      .where("owner", "=", owner)
      .where("side", "=", side)
      .execute();
  }

  /** @throws UnsealError for a link that another key sealed */
  #fromRow(row: { owner: string; side: string; sealed: Buffer }): SignInLink | null {
    const side = sides.find((each) => each === row.side) ?? "source";
    const text = this.#secrets.open(placeOf(row.owner, side), row.sealed);
    const link = linkFormat.fromStored(parseColumn(text));
    if (link !== null) return { owner: row.owner, side, ...link };
    this.#report({ table: "sign_in_link", key: placeOf(row.owner, side) });
    return null;
  }
}

function placeOf(owner: string, side: Side): string {
  return `link ${side} ${owner}`;
}

import type { Kysely } from "kysely";
import type { Tables } from "./tables.ts";

/** Which homeservers (client API addresses) each authorization server signs people in to. */
export class AuthorizationServers {
  readonly #database: Kysely<Tables>;

  constructor(database: Kysely<Tables>) {
    this.#database = database;
  }

  async add(issuer: string, baseUrl: string): Promise<void> {
    await this.#database
      .insertInto("authorization_server")
      .values({ issuer, base_url: baseUrl })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }

  async homeserversOf(issuer: string): Promise<string[]> {
    const rows = await this.#database
      .selectFrom("authorization_server")
      .select("base_url")
      .where("issuer", "=", issuer)
      .execute();
    return rows.map((row) => row.base_url);
  }
}

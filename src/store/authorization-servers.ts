import type { Kysely } from "kysely";
import type { Tables } from "./tables.ts";

/** A homeserver, by the name in its user IDs and by its client API address. */
export interface KnownHomeserver {
  serverName: string;
  baseUrl: string;
}

/** The homeservers that each authorization server has signed people in to. */
export class AuthorizationServers {
  readonly #database: Kysely<Tables>;

  constructor(database: Kysely<Tables>) {
    this.#database = database;
  }

  /** @param isOwn the authorization server is the homeserver's own, so others do not count */
  async add(
    issuer: string,
    { serverName, baseUrl }: KnownHomeserver,
    { isOwn }: { isOwn: boolean },
  ): Promise<void> {
    if (isOwn)
      await this.#database
        .deleteFrom("authorization_server")
        .where("issuer", "=", issuer)
        .where("server_name", "<>", serverName)
        .execute();
    await this.#database
      .insertInto("authorization_server")
      .values({ issuer, server_name: serverName, base_url: baseUrl })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }

  async homeserversOf(issuer: string): Promise<KnownHomeserver[]> {
    const rows = await this.#database
      .selectFrom("authorization_server")
      .select(["server_name", "base_url"])
      .where("issuer", "=", issuer)
      .execute();
    return rows.map((row) => ({ serverName: row.server_name, baseUrl: row.base_url }));
  }
}

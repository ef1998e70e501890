import type { Logger } from "pino";
import type { Account, Side } from "../../model/account.ts";
import type { HomeserverClient } from "../../platforms/matrix/api/homeserver-client.ts";
import type { GuardedFetch } from "../../network/guarded-fetch.ts";
import type { Accounts } from "../../store/accounts.ts";
import { Sessions } from "./sessions.ts";

/** A signed-in account, and a client that acts with its session. */
export interface AccountClient {
  readonly account: Account;
  readonly client: HomeserverClient;
}

/** Opens the sessions of people's accounts: the one way to act for them. */
export class AccountClients {
  /** One for all clients of the process, so that a session is renewed by one at a time. */
  readonly sessions: Sessions;
  readonly #accounts: Accounts;

  constructor({
    accounts,
    fetch,
    log,
    now = Date.now,
  }: {
    accounts: Accounts;
    fetch: GuardedFetch;
    log: Logger;
    now?: () => number;
  }) {
    this.#accounts = accounts;
    this.sessions = new Sessions({ accounts, fetch, now, log });
  }

  /**
   * Null when this side is not signed in. The client goes on through renewals, and through a new
   * sign-in of the same account.
   */
  async open(owner: string, side: Side): Promise<AccountClient | null> {
    const account = await this.#accounts.get(owner, side);
    return account === null ? null : { account, client: this.sessions.client(account) };
  }
}

import type { Account, Side } from "../../model/account.ts";
import type { HomeserverClient } from "../../platforms/matrix/api/homeserver-client.ts";
import type { Accounts } from "../../store/accounts.ts";
import type { Sessions } from "../../platforms/matrix/sign-in/sessions.ts";

/** A signed-in account, and a client that acts with its session. */
export interface AccountClient {
  readonly account: Account;
  readonly client: HomeserverClient;
}

/** Opens the sessions of people's accounts: the one way to act for them. */
export class AccountClients {
  readonly #accounts: Pick<Accounts, "get">;
  readonly #sessions: Sessions;

  constructor({ accounts, sessions }: { accounts: Pick<Accounts, "get">; sessions: Sessions }) {
    this.#accounts = accounts;
    this.#sessions = sessions;
  }

  /**
   * Null when this side is not signed in. The client goes on through renewals, and through a new
   * sign-in of the same account.
   */
  async open(owner: string, side: Side): Promise<AccountClient | null> {
    const account = await this.#accounts.get(owner, side);
    return account === null ? null : { account, client: this.#sessions.client(account) };
  }
}

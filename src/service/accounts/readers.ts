import type { Logger } from "pino";
import type { Account, Side } from "../../model/account.ts";
import { discoverHomeserver } from "../../platforms/matrix/api/discovery.ts";
import { serverNameOf } from "../../platforms/matrix/ids/identifiers.ts";
import type { GuardedFetch } from "../../network/guarded-fetch.ts";
import type { ReadableAccount } from "../../platforms/matrix/decide-rooms.ts";
import type { AccountReading } from "../../platforms/matrix/reading/account-reading.ts";
import { readAccount } from "../../platforms/matrix/reading/read-account.ts";
import { createReader } from "../../platforms/matrix/reading/reader.ts";
import type { AccountClient, AccountClients } from "./clients.ts";
import { refusalOf } from "../../platforms/matrix/sign-in/provider.ts";
import type { AccountRefusal } from "../../platforms/sign-in.ts";

/** A signed-in account could not be read. */
export class UnreadableAccountError extends Error {
  readonly account: Account;
  readonly refusal: AccountRefusal;

  constructor(account: Account, refusal: AccountRefusal) {
    super(`an account could not be read: ${refusal.code}`);
    this.name = "UnreadableAccountError";
    this.account = account;
    this.refusal = refusal;
  }
}

/** A signed-in account and the way to read it; the server is asked what it can once. */
export interface AccountAccess extends AccountClient {
  readonly readable: () => Promise<ReadableAccount>;
}

export interface ReadProgress {
  serverName: string;
  read: number;
  total: number;
}

export interface AccountReaderOptions {
  clients: AccountClients;
  fetch: GuardedFetch;
  log: Logger;
}

/**
 * Reads the signed-in accounts of people. Nothing is written to them, and nothing that a client of
 * theirs waits for is taken.
 */
export class AccountReaders {
  readonly #options: AccountReaderOptions;

  constructor(options: AccountReaderOptions) {
    this.#options = options;
  }

  /** Null when this side is not signed in. @param signal ends what is read with it */
  async access(owner: string, side: Side, signal?: AbortSignal): Promise<AccountAccess | null> {
    const { clients, fetch, log } = this.#options;
    const opened = await clients.open(owner, side);
    if (opened === null) return null;
    const { account, client } = opened;
    const { baseUrl, userId } = account;
    const serverName = serverNameOf(userId) ?? "";
    let readable: Promise<ReadableAccount> | null = null;
    const open = async (): Promise<ReadableAccount> => {
      const options = {
        fetch,
        log,
        servers: { [serverName]: baseUrl },
        ...(signal !== undefined && { signal }),
      };
      const features = await discoverHomeserver(serverName, options);
      return { userId, reader: createReader({ client, log, signal }), features };
    };
    return { account, client, readable: () => (readable ??= open()) };
  }

  /** @throws UnreadableAccountError */
  async read(
    { account, readable }: AccountAccess,
    otherUserId: string,
    {
      onProgress,
      withLastActivity,
    }: { onProgress: (progress: ReadProgress) => void; withLastActivity: boolean },
  ): Promise<AccountReading> {
    return this.guard(account, async () => {
      const { reader, features } = await readable();
      return readAccount(reader, {
        userId: account.userId,
        otherUserId,
        features,
        withLastActivity,
        onProgress: (progress) => onProgress({ serverName: serverNameOf(account.userId) ?? "", ...progress }),
      });
    });
  }

  /**
   * @throws UnreadableAccountError in place of what a server's refusal or absence throws;
   * everything else as it is
   */
  async guard<Result>(account: Account, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      throw new UnreadableAccountError(account, refusalOf(error));
    }
  }
}

import type { Logger } from "pino";
import type { Account } from "../../model/account.ts";
import type { GuardedFetch } from "../../network/guarded-fetch.ts";
import type { ReadProgress } from "../reading.ts";
import { UnreadableAccountError } from "../reading.ts";
import { discoverHomeserver } from "./api/discovery.ts";
import type { HomeserverClient } from "./api/homeserver-client.ts";
import type { ReadableAccount } from "./decide-rooms.ts";
import { serverNameOf } from "./ids/identifiers.ts";
import type { AccountReading } from "./reading/account-reading.ts";
import { readAccount } from "./reading/read-account.ts";
import { createReader } from "./reading/reader.ts";
import { refusalOf } from "./sign-in/provider.ts";
import type { Sessions } from "./sign-in/sessions.ts";

export interface OpenAccountOptions {
  sessions: Pick<Sessions, "client">;
  fetch: GuardedFetch;
  log: Logger;
}

/** A signed-in account, and a client with its session. */
export interface OpenAccount {
  readonly account: Account;
  readonly client: HomeserverClient;
  /**
   * Reads the features of the server once.
   * @throws DiscoveryError, UnreachableError
   */
  readonly readable: () => Promise<ReadableAccount>;
}

/**
 * Opens an account for reading and for steps. No request is sent yet. The client stays valid after
 * renewals, and after a new sign-in of the same account.
 * @param signal aborts its reading
 */
export function openAccount(
  account: Account,
  { sessions, fetch, log }: OpenAccountOptions,
  signal?: AbortSignal,
): OpenAccount {
  const { baseUrl, userId } = account;
  const client = sessions.client(account);
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

/**
 * Reads an account. It writes nothing, and does not consume anything that a client of its owner
 * waits for.
 * @throws UnreadableAccountError
 */
export async function readOpenAccount(
  { account, readable }: OpenAccount,
  otherUserId: string,
  {
    onProgress,
    withLastActivity,
  }: { onProgress: (progress: ReadProgress) => void; withLastActivity: boolean },
): Promise<AccountReading> {
  const serverName = serverNameOf(account.userId) ?? "";
  return guarded(account, async () => {
    const { reader, features } = await readable();
    return readAccount(reader, {
      userId: account.userId,
      otherUserId,
      features,
      withLastActivity,
      onProgress: (progress) => onProgress({ serverName, ...progress }),
    });
  });
}

/**
 * Does the work.
 * @throws UnreadableAccountError instead of a server's refusal or a missing answer; all other
 * errors unchanged
 */
export async function guarded<Result>(account: Account, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw new UnreadableAccountError(account, refusalOf(error));
  }
}

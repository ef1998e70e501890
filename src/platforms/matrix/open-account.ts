import type { Logger } from "pino";
import type { Account } from "../../model/account.ts";
import type { ReadProgress } from "../reading.ts";
import { UnreadableAccountError } from "../reading.ts";
import type { HomeserverClient } from "./api/homeserver-client.ts";
import type { ReadableAccount } from "./decide-rooms.ts";
import { serverNameOf } from "./ids/identifiers.ts";
import { readFeatures } from "./reading/account-details.ts";
import type { AccountReading } from "./reading/account-reading.ts";
import type { AccountToRead } from "./reading/read-account.ts";
import { readAccount } from "./reading/read-account.ts";
import { createReader } from "./reading/reader.ts";
import { checkAccount } from "./reading/unless-unreadable.ts";
import { refusalOf } from "./sign-in/provider.ts";
import type { Sessions } from "./sign-in/sessions.ts";

export interface OpenAccountOptions {
  sessions: Pick<Sessions, "client">;
  log: Logger;
}

/** A signed-in account, and a client with its session. */
export interface OpenAccount {
  readonly account: Account;
  readonly client: HomeserverClient;
  /**
   * Reads the features of the server once.
   * @throws HomeserverError, UnreachableError
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
  { sessions, log }: OpenAccountOptions,
  signal?: AbortSignal,
): OpenAccount {
  const { userId } = account;
  const client = sessions.client(account);
  let readable: Promise<ReadableAccount> | null = null;
  const open = async (): Promise<ReadableAccount> => {
    const reader = createReader({ client, log, signal });
    return { userId, reader, features: await readFeatures(reader) };
  };
  return { account, client, readable: () => (readable ??= open()) };
}

/**
 * Asks whether the account can be read now, by the cheapest requests.
 * @throws UnreadableAccountError
 */
export async function checkOpenAccount({ account, readable }: OpenAccount): Promise<void> {
  return guarded(account, async () => checkAccount((await readable()).reader));
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
    ...wanted
  }: { onProgress: (progress: ReadProgress) => void } & Required<
    Pick<AccountToRead, "withLastActivity" | "isOtherMemberNeeded">
  >,
): Promise<AccountReading> {
  const serverName = serverNameOf(account.userId) ?? "";
  return guarded(account, async () => {
    const { reader, features } = await readable();
    return readAccount(reader, {
      userId: account.userId,
      otherUserId,
      features,
      ...wanted,
      onProgress: (progress) => onProgress({ of: "account", serverName, ...progress }),
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

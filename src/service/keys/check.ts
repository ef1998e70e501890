import type { Account, Side } from "../../model/account.ts";
import { sides } from "../../model/account.ts";
import type { KeyCheck } from "../../platforms/key-check.ts";
import type { PlatformKeys } from "../../platforms/keys.ts";
import type { ReadProgress } from "../../platforms/reading.ts";
import { UnansweredAliasError, UnreadableAccountError } from "../../platforms/reading.ts";
import type { Accounts } from "../../store/accounts.ts";
import type { Readings } from "../plan/readings.ts";
import type { CannotDecide, UnansweredAlias } from "../plan/results.ts";

export type KeyCheckResult = { status: "checked"; check: KeyCheck } | CannotDecide | UnansweredAlias;

export interface KeyCheckOrder {
  /** Room IDs and aliases; empty: the encrypted rooms with the latest activity. */
  rooms: readonly string[];
  /** The person's chats with the bot. */
  botRoomIds: readonly string[];
  onProgress: (progress: ReadProgress) => void;
}

/** Counts the old messages that the new account can read, in some rooms. */
export async function checkKeys(
  owner: string,
  order: KeyCheckOrder,
  {
    accounts,
    keys,
    readings,
  }: {
    accounts: Pick<Accounts, "get">;
    keys: Pick<PlatformKeys, "check">;
    readings: Readings;
  },
): Promise<KeyCheckResult> {
  const found: Record<Side, Account | null> = {
    source: await accounts.get(owner, "source"),
    target: await accounts.get(owner, "target"),
  };
  const { source, target } = found;
  if (source === null || target === null)
    return { status: "not_signed_in", missing: sides.filter((side) => found[side] === null) };
  try {
    const check = await readings.run(owner, [source.baseUrl, target.baseUrl], () =>
      keys.check({ source, target, ...order }),
    );
    return { status: "checked", check };
  } catch (error) {
    if (error instanceof UnreadableAccountError)
      return { status: "not_read", account: error.account, refusal: error.refusal };
    if (error instanceof UnansweredAliasError) return { status: "unanswered_alias", alias: error.alias };
    throw error;
  }
}

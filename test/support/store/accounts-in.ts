import { PeoplesAccounts } from "../../../src/service/accounts/peoples-accounts.ts";
import type { Accounts } from "../../../src/store/accounts.ts";
import type { Imports } from "../../../src/store/imports.ts";

/** The accounts that people have in a store. */
export function accountsIn({
  accounts,
  imports,
  areImportsAllowed = true,
}: {
  accounts: Pick<Accounts, "get">;
  imports: Pick<Imports, "account" | "overview" | "content">;
  areImportsAllowed?: boolean;
}): PeoplesAccounts {
  return new PeoplesAccounts({ accounts, imports, areImportsAllowed });
}

/** The same of scripted accounts, without any file. */
export function onlySignedIn(get: Accounts["get"]): PeoplesAccounts {
  const none = async (): Promise<null> => null;
  return accountsIn({ accounts: { get }, imports: { account: none, overview: none, content: none } });
}

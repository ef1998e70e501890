import type { Account } from "../../model/account.ts";
import { otherSide } from "../../model/account.ts";
import type { SignedIn, SignOutResult } from "./results.ts";
import type { SignInOptions } from "./sign-in-options.ts";

/** What a person is told about an account that was just signed in and stored. */
export async function afterSignIn(
  account: Account,
  replaced: SignOutResult | null,
  { accounts, fileOf, continues }: Pick<SignInOptions, "accounts" | "fileOf" | "continues">,
): Promise<SignedIn> {
  const { owner, side } = account;
  const other = await accounts.get(owner, otherSide(side));
  const file = side === "target" && other === null ? ((await fileOf?.(owner)) ?? null) : null;
  const hasBoth = other !== null || file !== null;
  const goesOn = hasBoth && (await continues?.(account)) === true;
  return {
    ...{ account, other, replaced },
    ...(goesOn && { continues: goesOn }),
    ...(file !== null && { filesOf: file.writtenAt }),
  };
}

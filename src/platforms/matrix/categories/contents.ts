import type { AccountReading } from "../reading/account-reading.ts";
import type { AccountSnapshot } from "../rooms/types.ts";

/** What an account holds besides rooms, as its server sent it. Nothing in it is trusted. */
export type AccountContents = Pick<
  AccountReading,
  "roomAccountData" | "roomTags" | "roomProfiles" | "profile" | "pushRules" | "unreadableAccountData"
> & {
  readonly snapshot: Pick<AccountSnapshot, "userId" | "accountData">;
  readonly capabilities: Pick<
    AccountReading["capabilities"],
    "canSetDisplayName" | "canSetAvatarUrl" | "profileFields"
  >;
};

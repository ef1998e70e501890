import type { AccountReading } from "../reading/account-reading.ts";
import type { AccountSnapshot, RoomSnapshot } from "../rooms/types.ts";

/**
 * The contents of an account besides rooms, as its server sent them. Nothing in them is trusted.
 */
export type AccountContents = Pick<
  AccountReading,
  "roomAccountData" | "roomTags" | "roomProfiles" | "profile" | "pushRules" | "unreadableAccountData"
> & {
  /** Types of account data that must not be written to the target yet. */
  readonly heldBackTypes?: ReadonlySet<string>;
  /** The addresses of images of a server that is gone. The target's server has no copy of them. */
  readonly lostImages?: ReadonlySet<string>;
  readonly snapshot: Pick<AccountSnapshot, "userId" | "accountData"> & {
    readonly rooms: ReadonlyMap<string, Pick<RoomSnapshot, "membership" | "heroes" | "members" | "create">>;
  };
  readonly capabilities: Pick<
    AccountReading["capabilities"],
    "canSetDisplayName" | "canSetAvatarUrl" | "profileFields"
  >;
};

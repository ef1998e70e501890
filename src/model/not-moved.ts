import type { CategoryName } from "./categories.ts";

/** Why an item of the old account is not moved. The sentences are in `view/words/not-moved.ts`. */
export type NotMovedCode =
  /**
   * A secret or key of the old account's encryption, or content encrypted with one. It would break
   * the encryption of another account.
   */
  | "holds_keys"
  /** Describes one device. */
  | "bound_to_device"
  /** Made by the old server. */
  | "bound_to_server"
  /** A consent, a tracking ID, or an address that contains the old user ID. */
  | "bound_to_identity"
  /** State of a bot that runs on the old account. */
  | "bot_state"
  /** Written by an unknown client, with names or values that look like keys, devices or tokens. */
  | "looks_secret"
  /** Not of the form in the specification; clients ignore it too. */
  | "malformed"
  /** About one of the two accounts itself. */
  | "own_account"
  /** About a room that is not moved. */
  | "room_not_moved"
  /** A place in the history of a room that an upgrade replaced. */
  | "room_replaced"
  /** It could refuse invitations that rooms still need. It is moved when no room needs one. */
  | "held_back"
  /** The name that a server gave to a new account, in one room. Nobody chose it. */
  | "server_default"
  /** A former global profile that a server left in several rooms. Nobody chose it for them. */
  | "former_profile"
  /** The new account has something else in this place. */
  | "target_has_own"
  /** The new server does not accept it. */
  | "server_refuses"
  /** A picture of a server that is gone. The new server has no copy of it. */
  | "source_gone"
  /** A default push rule of the old server that the new server lacks. */
  | "rule_not_on_server"
  /** A default push rule that differs on the two servers; which one was changed is unknown. */
  | "unknown_default_rule";

/** An item of the old account that deliberately stays there. */
export interface NotMoved {
  readonly category: CategoryName;
  /** Untrusted text, named like the items of a category's `missing`. */
  readonly item: string;
  readonly code: NotMovedCode;
}

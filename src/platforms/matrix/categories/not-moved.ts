import type { CategoryName } from "../../../model/categories.ts";

/** Why something of the old account stays there; the sentences stand in `view/not-moved.ts`. */
export type NotMovedCode =
  /**
   * Secrets and keys of the old account's encryption, or what is encrypted with them: on another
   * account they break its own.
   */
  | "holds_keys"
  /** Describes one device. */
  | "bound_to_device"
  /** Of the old server's own making. */
  | "bound_to_server"
  /** Consents, tracking IDs, or addresses with the old user ID in them. */
  | "bound_to_identity"
  /** State of a bot that runs on the old account. */
  | "bot_state"
  /**
   * Of a client that nobody knows, with names or values in it that look like keys, devices or
   * tokens.
   */
  | "looks_secret"
  /** Not of the form that the specification gives it; clients pass over it too. */
  | "malformed"
  /** About one of the two accounts itself. */
  | "own_account"
  /** About a room that is not moved. */
  | "room_not_moved"
  /** A place in the history of a room that was replaced by an upgrade. */
  | "room_replaced"
  /** The new account has something else there already. */
  | "target_has_own"
  /** The new server does not take it. */
  | "server_refuses"
  /** A default push rule of the old server that the new one does not have. */
  | "rule_not_on_server"
  /**
   * A server's own push rule that differs between the two; nobody knows on which of them it was
   * changed.
   */
  | "unknown_default_rule";

/** Something of the old account that deliberately stays there. */
export interface NotMoved {
  readonly category: CategoryName;
  /** Untrusted text, named like the items of a category's `missing`. */
  readonly item: string;
  readonly code: NotMovedCode;
}

import type { Side } from "./account.ts";

/** Everything a run does, by the step function that does it. */
export const STEP_KINDS = [
  "profile_field",
  "accept_invite",
  "join",
  "join_restricted",
  "invite",
  "join_invited",
  "knock",
  "power_level",
  "tags",
  "room_setting",
  "room_profile",
  "read_marker",
  "account_data",
  "direct_chats",
  "push_rules",
  "ignored_users",
  "undo",
] as const;
export type StepKind = (typeof STEP_KINDS)[number];

/**
 * The order of a run (product.md, protocol-facts.md section 11): a step runs once nothing of an
 * earlier stage is left that can run. Profile first, for a later change would rewrite the member
 * event of every room; last what would keep invitations from being seen.
 */
export const stages = { profile: 0, rooms: 1, settings: 2, last: 3 } as const;
export type Stage = (typeof stages)[keyof typeof stages];

/**
 * The rate limiters that a request can meet, named for what they limit; each counts for one account
 * on its own server.
 */
export const LIMITS = ["invitations", "messages", "joins", "remote_joins"] as const;
export type LimitName = (typeof LIMITS)[number];

/** A step as it is planned; a run stores it before it is tried. */
export interface PlannedStep {
  /**
   * Deterministic and unique in its run: `join:!room`. Planning the same thing again makes the same
   * key.
   */
  key: string;
  kind: StepKind;
  /** Whose session acts. */
  side: Side;
  stage: Stage;
  /**
   * The limits its request takes from, in the order in which the server asks them; empty for what
   * is free.
   */
  limits: readonly LimitName[];
  /** It waits until the target is in this room (its ID on the target); `null` for none. */
  needsRoom: string | null;
  /**
   * It waits until the step with this key is done, and is dropped when that one fails; `null` for
   * none.
   */
  after: string | null;
  /** The room of the plan that it is about, whose row it moves on; `null` for none. */
  roomId: string | null;
  /** What the step function is given, as JSON; each function reads it with a schema of its own. */
  payload: unknown;
}

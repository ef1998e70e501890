import type { Side } from "./account.ts";
import type { PlatformName } from "./platform-name.ts";

/**
 * The kinds of steps that reach other people or leave rooms. They belong to no category of a move.
 * A new one is a line here and a line in the registry of its platform
 * (`platforms/matrix/contact/registry.ts`).
 */
const CONTACT_STEP_KINDS = [
  "send_message",
  "open_chat",
  "rename_profile",
  "rename_room",
  "drop_power",
  "leave_room",
  "mention_rule",
] as const;
export type ContactStepKind = (typeof CONTACT_STEP_KINDS)[number];

/** The kinds of steps, one for each step function. */
export const STEP_KINDS = [
  "profile_field",
  "kept_room_profile",
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
  ...CONTACT_STEP_KINDS,
] as const;
export type StepKind = (typeof STEP_KINDS)[number];

/**
 * The stages of a run, in order. A step runs once no step of an earlier stage is left that can run.
 * The profile is first, because a later change would rewrite the member event of every room. Names
 * in single rooms, which that change overwrites, and steps that would keep invitations from being
 * seen are last (`platforms/matrix/README.md`, "Order of a run").
 */
export const stages = { profile: 0, rooms: 1, settings: 2, last: 3 } as const;
export type Stage = (typeof stages)[keyof typeof stages];

/**
 * The rate limiters for requests, named for what they limit. Each one counts for one account on its
 * own server.
 */
export const LIMITS = ["invitations", "messages", "joins", "remote_joins", "room_creation"] as const;
export type LimitName = (typeof LIMITS)[number];

/** A planned step. A run stores it before it is tried. */
export interface PlannedStep {
  /**
   * Deterministic and unique in its run: `join:!room`. The same step gets the same key when it is
   * planned again.
   */
  key: string;
  /** The platform whose accounts it is about. */
  platform: PlatformName;
  kind: StepKind;
  /** The side whose session sends the request. */
  side: Side;
  stage: Stage;
  /**
   * The limits that count its request, in the order in which the server checks them; empty if none
   * does.
   */
  limits: readonly LimitName[];
  /** The step waits until the target is in this room (its ID on the target); `null` for none. */
  needsRoom: string | null;
  /**
   * The step waits until the step with this key is done, and is dropped if that one fails; `null`
   * for none.
   */
  after: string | null;
  /**
   * The room of the plan that the step is about. Its outcome changes that room; `null` for none.
   */
  roomId: string | null;
  /** The arguments of the step function, as JSON. Each function reads them with its own schema. */
  payload: unknown;
}

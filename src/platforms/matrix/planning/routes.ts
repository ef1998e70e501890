import type { PowerLevel } from "../rooms/power-levels/level.ts";

/** How one room is reached (product.md, "Routes"), cheapest first. */
export const ROUTES = [
  "joined",
  "accept_invite",
  "join",
  "join_restricted",
  "invite",
  "knock",
  "ask_moderator",
  "successor",
  "impossible",
  "excluded",
] as const;
export type Route = (typeof ROUTES)[number];

/** The routes on which the new account gets in without a person's help. */
export type OpenRoute = "accept_invite" | "join" | "join_restricted" | "invite";

export const REASON_CODES = [
  "no_invite_power",
  "join_rule_private",
  "unknown_join_rule",
  "not_federated",
  "server_acl",
  "room_version",
  "target_banned",
  "source_banned",
  "source_not_joined",
  "space_unreachable",
  "invite_blocked",
  "blocked_by_server",
  "no_helper",
  "unreachable_server",
  "refused",
] as const;
export type ReasonCode = (typeof REASON_CODES)[number];

export const STATUSES = [
  "planned",
  "running",
  "waiting",
  "done",
  "needs_moderator",
  "needs_you",
  "failed",
  "skipped",
] as const;
export type Status = (typeof STATUSES)[number];

/** What a person would have to do. */
export type Help = "invite" | "unban" | "change_acl";

/**
 * Why a room cannot be reached by the bot alone; sentences are made in `view/reasons.ts`. Levels
 * are `null` where they cannot be known.
 */
export type Reason =
  | { code: "no_invite_power"; required: number | null; source: PowerLevel | null; isSourceJoined: boolean }
  | { code: "join_rule_private"; isSourceAble: boolean }
  | { code: "unknown_join_rule"; joinRule: string | null; roomVersion: string | null }
  | { code: "not_federated"; serverName: string | null }
  | { code: "server_acl"; serverName: string; isSourceAble: boolean }
  | { code: "room_version"; roomVersion: string | null; isKnown: boolean; serverName: string | null }
  | { code: "target_banned"; isSourceAble: boolean }
  | { code: "source_banned" }
  | { code: "source_not_joined"; membership: "invite" | "knock"; inviter: string | null }
  | { code: "space_unreachable"; through: string }
  | { code: "invite_blocked" }
  | { code: "no_helper"; help: Help; required: number | null }
  | { code: "blocked_by_server" | "unreachable_server" | "refused"; serverText: string | null };

/** A joined member who may do what is missing. */
export interface Helper {
  userId: string;
  displayName: string | null;
  power: PowerLevel;
}

/** Helpers of one room: at most ten, and how many more there are. */
export interface Helpers {
  helpers: readonly Helper[];
  moreHelpers: number;
}

export type Warning =
  | { code: "history_hidden"; visibility: string | null }
  | { code: "encrypted_history" }
  | {
      code: "power_not_transferable";
      wanted: PowerLevel;
      source: PowerLevel;
      required: number | null;
      helpers: readonly Helper[];
    }
  | { code: "creator_not_transferable"; level: PowerLevel }
  | { code: "last_admin" }
  | { code: "only_member" }
  | { code: "policy_server"; serverName: string };

export const WARNING_CODES = [
  "history_hidden",
  "encrypted_history",
  "power_not_transferable",
  "creator_not_transferable",
  "last_admin",
  "only_member",
  "policy_server",
] as const satisfies readonly Warning["code"][];

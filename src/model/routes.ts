import { z } from "zod";

/**
 * A power level: an integer, or `creator`, which is above every number (room version 12 on,
 * MSC4289).
 */
export type PowerLevel = number | "creator";
export const powerLevelSchema = z.union([z.int(), z.literal("creator")]);

/** The routes into a room, cheapest first. */
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

/** The routes that need no help from people. */
export type OpenRoute = "accept_invite" | "join" | "join_restricted" | "invite";

/** The codes of reasons. They are stored and part of reports. */
export const REASON_CODES = [
  "no_invite_power",
  "join_rule_private",
  "unknown_join_rule",
  "not_federated",
  "server_acl",
  "source_server_acl",
  "room_version",
  "target_banned",
  "source_banned",
  "source_not_joined",
  "space_unreachable",
  "invite_blocked",
  "blocked_by_server",
  "no_helper",
  "unreachable_server",
  "account_limit",
  "refused",
  "server_notices",
  "unreadable",
] as const;
export type ReasonCode = (typeof REASON_CODES)[number];

/** The statuses of a room. They are stored and part of reports. */
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

/** The help that a person would have to give. */
const helpSchema = z.enum(["invite", "unban", "change_acl"]);
export type Help = z.infer<typeof helpSchema>;

const text = z.string().nullable();
const level = z.number().nullable();

/**
 * Why the bot alone cannot bring the new account into a room. The sentences are in
 * `view/words/reasons.ts`. Levels are `null` if they are unknown.
 */
export const reasonSchema = z.discriminatedUnion("code", [
  z.object({
    code: z.literal("no_invite_power"),
    required: level,
    source: powerLevelSchema.nullable(),
    isSourceJoined: z.boolean(),
  }),
  z.object({ code: z.literal("join_rule_private"), isSourceAble: z.boolean() }),
  z.object({ code: z.literal("unknown_join_rule"), joinRule: text, roomVersion: text }),
  z.object({ code: z.literal("not_federated"), serverName: text }),
  z.object({ code: z.literal("server_acl"), serverName: z.string(), isSourceAble: z.boolean() }),
  z.object({
    code: z.literal("room_version"),
    roomVersion: text,
    isKnown: z.boolean(),
    serverName: text,
  }),
  /** The room's ACL denies the server of the old account, whose power counts as none there. */
  z.object({ code: z.literal("source_server_acl"), serverName: z.string() }),
  /** The notices of the old account's server. */
  z.object({ code: z.literal("server_notices"), serverName: z.string() }),
  z.object({ code: z.literal("target_banned"), isSourceAble: z.boolean() }),
  z.object({ code: z.literal("source_banned") }),
  z.object({
    code: z.literal("source_not_joined"),
    membership: z.enum(["invite", "knock"]),
    inviter: text,
  }),
  /** A server does not show the state of a room that its account has joined. */
  z.object({ code: z.literal("unreadable"), serverName: z.string() }),
  z.object({
    code: z.literal("space_unreachable"),
    through: z.string(),
    /** The space was replaced by an upgrade. The room's rule should name the newer one. */
    isReplaced: z.boolean().optional(),
  }),
  z.object({ code: z.literal("invite_blocked") }),
  z.object({
    code: z.literal("no_helper"),
    help: helpSchema,
    required: level,
    /** Nobody has joined the room at all. */
    isEmpty: z.boolean().optional(),
  }),
  z.object({ code: z.enum(["blocked_by_server", "unreachable_server", "account_limit"]), serverText: text }),
  z.object({
    code: z.literal("refused"),
    /** The text of the server or the person who refused. */
    serverText: text,
    /**
     * The person in the room who refused: who removed the new account, or declined its knock.
     * Absent if a server refused.
     */
    by: z.object({ userId: z.string(), displayName: text, did: z.enum(["removed", "declined"]) }).optional(),
  }),
]);
export type Reason = z.infer<typeof reasonSchema>;

/** A joined member with the power to give the missing help. */
export const helperSchema = z.object({ userId: z.string(), displayName: text, power: powerLevelSchema });
export type Helper = z.infer<typeof helperSchema>;

/** Helpers of one room: at most ten, and the number of further ones. */
export interface Helpers {
  helpers: readonly Helper[];
  moreHelpers: number;
}

/** What a person should know about a room before the start. */
export const warningSchema = z.discriminatedUnion("code", [
  z.object({ code: z.literal("history_hidden"), visibility: text }),
  z.object({ code: z.literal("encrypted_history") }),
  z.object({
    code: z.literal("power_not_transferable"),
    wanted: powerLevelSchema,
    source: powerLevelSchema,
    required: level,
    /** The room's ACL denies the server of the old account. Older rows do not say. */
    isSourceShutOut: z.boolean().default(false),
    helpers: z.array(helperSchema).readonly(),
  }),
  z.object({ code: z.literal("creator_not_transferable"), level: powerLevelSchema }),
  z.object({ code: z.literal("last_admin") }),
  z.object({ code: z.literal("only_member") }),
  z.object({ code: z.literal("policy_server"), serverName: z.string() }),
]);
export type Warning = z.infer<typeof warningSchema>;

/** The codes of warnings. They are stored and part of reports. */
export const WARNING_CODES = [
  "history_hidden",
  "encrypted_history",
  "power_not_transferable",
  "creator_not_transferable",
  "last_admin",
  "only_member",
  "policy_server",
] as const satisfies readonly Warning["code"][];

/** A reason or a warning in rows of version 1: with its sentence and without its data. */
interface Worded<Code extends string> {
  code: Code;
  text: string;
}
export type WordedReason = Worded<ReasonCode>;
export type WordedWarning = Worded<Warning["code"]>;

import { z } from "zod";
import { isSameJson } from "../api/same-json.ts";
import { hasSameEffect } from "../categories/push-rules/actions.ts";
import type { PushRule } from "../categories/push-rules/push-rule.ts";

/**
 * The new account is notified of messages that mention the old one. `override` reads `m.mentions`
 * (CS §Push Rules, `event_property_contains`, since v1.7). `content` finds the ID in the text, on
 * servers that do not know that condition.
 */
export const MENTION_RULE_KINDS = ["override", "content"] as const;
export type MentionRuleKind = (typeof MENTION_RULE_KINDS)[number];

/** The payload of the step, as JSON. */
export const mentionRuleSchema = z.object({
  /** The account whose mentions reach the new one. */
  oldUserId: z.string(),
  /** Whether the rule is removed. */
  isOff: z.boolean(),
});
export type MentionRulePayload = z.infer<typeof mentionRuleSchema>;

const PREFIX = "mentions_of_moved_account:";
/** Like a mention of the account itself (CS §Push Rules, `.m.rule.is_user_mention`). */
const ACTIONS = ["notify", { set_tweak: "sound", value: "default" }, { set_tweak: "highlight" }];

/** The rule for mentions of an account. The IDs of rules have no slashes; those of accounts may. */
export function mentionRule(kind: MentionRuleKind, oldUserId: string): PushRule {
  const rule = {
    kind,
    ruleId: `${PREFIX}${oldUserId.replaceAll(/[/\\]/gu, "_")}`,
    isDefault: false,
    isEnabled: true,
    actions: ACTIONS,
  };
  if (kind === "content") return { ...rule, conditions: null, pattern: oldUserId };
  const condition = {
    kind: "event_property_contains",
    key: "content.m\\.mentions.user_ids",
    value: oldUserId,
  };
  return { ...rule, conditions: [condition], pattern: null };
}

/** Whether a rule is for mentions of a moved account. Only `!finish mentions` changes it. */
export function isMentionRule({ kind, ruleId }: Pick<PushRule, "kind" | "ruleId">): boolean {
  return MENTION_RULE_KINDS.some((each) => each === kind) && ruleId.startsWith(PREFIX);
}

/** The rule for mentions of this account, in either form, if it works. */
export function workingMentionRule(rules: readonly PushRule[], oldUserId: string): PushRule | null {
  const wanted = MENTION_RULE_KINDS.map((kind) => mentionRule(kind, oldUserId));
  return rules.find((rule) => wanted.some((each) => isWorking(rule, each))) ?? null;
}

function isWorking(rule: PushRule, wanted: PushRule): boolean {
  return (
    rule.kind === wanted.kind &&
    rule.ruleId === wanted.ruleId &&
    rule.isEnabled &&
    rule.pattern === wanted.pattern &&
    isSameJson(rule.conditions, wanted.conditions) &&
    hasSameEffect(rule.actions, wanted.actions)
  );
}

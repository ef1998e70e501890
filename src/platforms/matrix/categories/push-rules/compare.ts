import { compareItems } from "../comparison.ts";
import type { Comparison } from "../comparison.ts";
import type { AccountContents } from "../contents.ts";
import type { RoomIdOnTarget } from "../../planning/room-mapping.ts";
import { isUnchangedDefault } from "./default-rules.ts";
import { pushRuleName, readPushRules } from "./push-rule.ts";
import type { PushRule } from "./push-rule.ts";
import { displacedRules, isSameRule, statusOfRule } from "./item-status.ts";
import type { PushRuleId } from "./item-status.ts";
import { desiredPushRules } from "./desired.ts";

export interface PushRuleComparison extends Comparison<PushRule> {
  /**
   * The person's own rules as they should follow each other, those that stand already among them.
   */
  readonly order: readonly PushRuleId[];
  /** Names of the missing ones that are there, in another place. */
  readonly displaced: ReadonlySet<string>;
}

/**
 * Rules that are there but in the wrong order count as missing. What the target has in another form
 * keeps its form and its place.
 */
export function comparePushRules(
  source: AccountContents,
  target: AccountContents,
  roomIdOnTarget: RoomIdOnTarget,
): PushRuleComparison {
  const mapping = {
    sourceUserId: source.snapshot.userId,
    targetUserId: target.snapshot.userId,
    roomIdOnTarget,
  };
  const there = new Map(readPushRules(target.pushRules).rules.map((rule) => [pushRuleName(rule), rule]));
  const { wanted, notMoved } = desiredPushRules(source.pushRules, mapping);
  const choices = wanted.filter((rule) => isChoice(rule, there.get(pushRuleName(rule))));
  const order = choices.filter((rule) => {
    const standing = statusOfRule(rule, there.get(pushRuleName(rule)));
    return !rule.isDefault && (standing === "present" || standing === "missing");
  });
  const displaced = displacedRules(order, there);
  const comparison = compareItems("push_rules", { wanted: choices, notMoved }, pushRuleName, (rule) =>
    displaced.has(pushRuleName(rule)) ? "missing" : statusOfRule(rule, there.get(pushRuleName(rule))),
  );
  return { ...comparison, order: order.map(({ kind, ruleId }) => ({ kind, ruleId })), displaced };
}

/**
 * A default rule that nobody knows is taken for unchanged where the target has none, or the same.
 */
function isChoice(rule: PushRule, there: PushRule | undefined): boolean {
  if (!rule.isDefault || isUnchangedDefault(rule) !== null) return true;
  return there !== undefined && !isSameRule(rule, there);
}

import { isSameJson } from "../../api/same-json.ts";
import type { ItemStatus } from "../comparison.ts";
import { hasSameEffect } from "./actions.ts";
import { isUnchangedDefault } from "./default-rules.ts";
import { outOfOrder } from "./order.ts";
import type { PushRule } from "./push-rule.ts";
import { PUSH_RULE_KINDS, pushRuleName } from "./push-rule.ts";

/** The rules of one account by name, in the server's order. */
export type PushRulesByName = ReadonlyMap<string, PushRule>;

/** The identity of a person's own rule. */
export type PushRuleId = Pick<PushRule, "kind" | "ruleId">;

/** @param existing the target's rule of that name */
export function statusOfRule(rule: PushRule, existing: PushRule | undefined): ItemStatus {
  if (existing === undefined) return rule.isDefault ? "rule_not_on_server" : "missing";
  if (isSameRule(rule, existing)) return "present";
  if (!rule.isDefault) return "target_has_own";
  const isUnchanged = isUnchangedDefault(existing);
  if (isUnchanged === null) return "unknown_default_rule";
  return isUnchanged ? "missing" : "target_has_own";
}

/** Whether two rules of one name have the same effect. */
export function isSameRule(rule: PushRule, existing: PushRule): boolean {
  if (rule.isEnabled !== existing.isEnabled || !hasSameEffect(rule.actions, existing.actions)) return false;
  // The conditions of a default rule are the server's, and contain the account's user ID.
  return (
    rule.isDefault || (rule.pattern === existing.pattern && isSameJson(rule.conditions, existing.conditions))
  );
}

/**
 * The names of a person's own rules that exist out of order. The order of the kinds is fixed.
 * @param order the rules in the desired order
 */
export function displacedRules(order: readonly PushRuleId[], existing: PushRulesByName): Set<string> {
  const places = new Map([...existing.keys()].map((name, place) => [name, place]));
  const displaced = new Set<string>();
  for (const kind of PUSH_RULE_KINDS) {
    const names = order.filter((rule) => rule.kind === kind).map(pushRuleName);
    const found = names.filter((name) => places.has(name));
    for (const index of outOfOrder(found.map((name) => places.get(name) ?? 0)))
      displaced.add(found[index] ?? "");
  }
  return displaced;
}

import type { ItemStatus } from "../comparison.ts";
import { isSameJson } from "../../api/same-json.ts";
import { hasSameEffect } from "./actions.ts";
import { isUnchangedDefault } from "./default-rules.ts";
import { outOfOrder } from "./order.ts";
import { PUSH_RULE_KINDS, pushRuleName } from "./push-rule.ts";
import type { PushRule } from "./push-rule.ts";

/** Rules of one account by name, in the server's order. */
export type PushRulesByName = ReadonlyMap<string, PushRule>;

/** A person's own rule by its name, as far as its place among others goes. */
export type PushRuleId = Pick<PushRule, "kind" | "ruleId">;

/** @param there the target's rule of that name */
export function statusOfRule(rule: PushRule, there: PushRule | undefined): ItemStatus {
  if (there === undefined) return rule.isDefault ? "rule_not_on_server" : "missing";
  if (isSameRule(rule, there)) return "present";
  if (!rule.isDefault) return "target_has_own";
  const isUnchanged = isUnchangedDefault(there);
  if (isUnchanged === null) return "unknown_default_rule";
  return isUnchanged ? "missing" : "target_has_own";
}

export function isSameRule(rule: PushRule, there: PushRule): boolean {
  if (rule.isEnabled !== there.isEnabled || !hasSameEffect(rule.actions, there.actions)) return false;
  // The conditions of a default rule are the server's, and name the account.
  return rule.isDefault || (rule.pattern === there.pattern && isSameJson(rule.conditions, there.conditions));
}

/**
 * Names of a person's own rules that are there in an order other than the wanted one; the order of
 * kinds is fixed.
 */
export function displacedRules(order: readonly PushRuleId[], there: PushRulesByName): Set<string> {
  const places = new Map([...there.keys()].map((name, place) => [name, place]));
  const displaced = new Set<string>();
  for (const kind of PUSH_RULE_KINDS) {
    const names = order.filter((rule) => rule.kind === kind).map(pushRuleName);
    const standing = names.filter((name) => places.has(name));
    for (const index of outOfOrder(standing.map((name) => places.get(name) ?? 0)))
      displaced.add(standing[index] ?? "");
  }
  return displaced;
}

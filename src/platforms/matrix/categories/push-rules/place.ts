import type { PushRuleId, PushRulesByName } from "./item-status.ts";
import { pushRuleName } from "./push-rule.ts";

/**
 * The place of a rule: next to another rule of the person's own, or (`null`) above all of its kind
 * (CS §Push Rules, `PUT`).
 */
export type Place = { readonly after: string } | { readonly before: string } | null;

/**
 * The place that a rule needs to be in the desired order: right below the rule that comes before
 * it.
 * @param order the rules in the desired order
 * @param settled names of the rules that are in order among themselves
 */
export function placeOf(rule: PushRuleId, order: readonly PushRuleId[], settled: ReadonlySet<string>): Place {
  const ofKind = order.filter(({ kind }) => kind === rule.kind);
  const index = ofKind.findIndex(({ ruleId }) => ruleId === rule.ruleId);
  const isSettled = (other: PushRuleId) => settled.has(pushRuleName(other));
  const above = ofKind.slice(0, index).findLast(isSettled);
  if (above !== undefined) return { after: above.ruleId };
  const below = ofKind.slice(index + 1).find(isSettled);
  return below === undefined ? null : { before: below.ruleId };
}

/** The ID of the person's own rule that is right above this one; `null` for none. */
export function ownRuleAbove(rule: PushRuleId, existing: PushRulesByName): string | null {
  const own = [...existing.values()].filter(({ kind, isDefault }) => kind === rule.kind && !isDefault);
  const index = own.findIndex(({ ruleId }) => ruleId === rule.ruleId);
  return own[index - 1]?.ruleId ?? null;
}

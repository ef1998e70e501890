import { pushRuleName } from "./push-rule.ts";
import type { PushRuleId, PushRulesByName } from "./item-status.ts";

/**
 * Where a rule goes: next to another one of the person's own, or (`null`) above all of its kind (CS
 * §Push Rules, `PUT`).
 */
export type Place = { readonly after: string } | { readonly before: string } | null;

/**
 * Where a rule goes so that rules follow each other in the wanted order: right below the one that
 * comes before it.
 * @param settled names of those that stand where they should, in relation to each other
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

/** The person's own rule that stands right above this one; `null` for none. */
export function ownRuleAbove(rule: PushRuleId, there: PushRulesByName): string | null {
  const own = [...there.values()].filter(({ kind, isDefault }) => kind === rule.kind && !isDefault);
  const index = own.findIndex(({ ruleId }) => ruleId === rule.ruleId);
  return own[index - 1]?.ruleId ?? null;
}

import { hasSameEffect } from "./actions.ts";
import { presetOf } from "./default-rules.ts";
import { isSameRule, statusOfRule } from "./item-status.ts";
import type { PushRule } from "./push-rule.ts";

/** The action of the step for one rule of the plan. */
export type RuleDecision =
  /** No action: somebody has changed the rule since, or it is in place. */
  | "keep"
  /** No action: an earlier try wrote the rule. */
  | "written"
  /** Create the rule, or move it to its place. */
  | "put"
  /**
   * Switch the rule on or off. It was created before: servers create rules enabled, and some
   * remember that a rule of that name was off when it was deleted (matrix-org/synapse#7743).
   */
  | "switch"
  /** Switch a default rule on or off and set its actions. */
  | "change";

/** Facts about a rule besides the two accounts' versions of it. */
export interface RuleFacts {
  /** The rule existed when the plan was made, in another place. */
  readonly wasDisplaced: boolean;
  /** The rule exists in another place now. */
  readonly isDisplaced: boolean;
  /** An earlier try may have written the rule. */
  readonly isTried: boolean;
}

/** @param existing the target's rule of that name now */
export function decideRule(rule: PushRule, existing: PushRule | undefined, facts: RuleFacts): RuleDecision {
  return rule.isDefault ? decideDefault(rule, existing, facts) : decideOwn(rule, existing, facts);
}

function decideOwn(
  rule: PushRule,
  existing: PushRule | undefined,
  { wasDisplaced, isDisplaced, isTried }: RuleFacts,
): RuleDecision {
  // A rule that existed and is gone was deleted by somebody.
  if (existing === undefined) return wasDisplaced ? "keep" : "put";
  if (isSameRule(rule, existing)) {
    if (isDisplaced) return "put";
    return isTried ? "written" : "keep";
  }
  const isSwitchedOnly = isSameRule({ ...rule, isEnabled: existing.isEnabled }, existing);
  return isTried && !wasDisplaced && isSwitchedOnly ? "switch" : "keep";
}

function decideDefault(rule: PushRule, existing: PushRule | undefined, { isTried }: RuleFacts): RuleDecision {
  if (existing === undefined) return "keep";
  const status = statusOfRule(rule, existing);
  if (status === "missing") return "change";
  if (!isTried) return "keep";
  if (status === "present") return "written";
  // An earlier try switched the rule and ended before it set the actions.
  const isHalfDone =
    existing.isEnabled === rule.isEnabled && hasSameEffect(existing.actions, presetOf(rule)?.actions ?? []);
  return isHalfDone && rule.isEnabled !== presetOf(rule)?.isEnabled ? "change" : "keep";
}

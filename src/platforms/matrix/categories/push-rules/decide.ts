import { hasSameEffect } from "./actions.ts";
import { presetOf } from "./default-rules.ts";
import type { PushRule } from "./push-rule.ts";
import { isSameRule, statusOfRule } from "./item-status.ts";

/** What is done about one rule of the plan. */
export type RuleDecision =
  /** Nothing: somebody has decided otherwise since, or it is in place. */
  | "keep"
  /** Nothing: an earlier try wrote it. */
  | "stands"
  /** It is made, or moved to its place. */
  | "put"
  /** An earlier try made it, and ended before switching it off. */
  | "switch_off"
  /** A default rule is switched and given other actions. */
  | "change";

export interface Ground {
  /** It was there when the plan was made, in another place. */
  readonly wasDisplaced: boolean;
  /** It is there in another place now. */
  readonly isDisplaced: boolean;
  /** An earlier try may have written it. */
  readonly isTried: boolean;
}

/** @param there the target's rule of that name as it is now */
export function decideRule(rule: PushRule, there: PushRule | undefined, ground: Ground): RuleDecision {
  return rule.isDefault ? decideDefault(rule, there, ground) : decideOwn(rule, there, ground);
}

function decideOwn(
  rule: PushRule,
  there: PushRule | undefined,
  { wasDisplaced, isDisplaced, isTried }: Ground,
): RuleDecision {
  // What was there and is gone was taken away.
  if (there === undefined) return wasDisplaced ? "keep" : "put";
  if (isSameRule(rule, there)) {
    if (isDisplaced) return "put";
    return isTried ? "stands" : "keep";
  }
  return isTried && !wasDisplaced && isSameRule({ ...rule, isEnabled: true }, there) ? "switch_off" : "keep";
}

function decideDefault(rule: PushRule, there: PushRule | undefined, { isTried }: Ground): RuleDecision {
  if (there === undefined) return "keep";
  const standing = statusOfRule(rule, there);
  if (standing === "missing") return "change";
  if (!isTried) return "keep";
  if (standing === "present") return "stands";
  // Switched by an earlier try, which ended before it came to the actions.
  const isHalfDone =
    there.isEnabled === rule.isEnabled && hasSameEffect(there.actions, presetOf(rule)?.actions ?? []);
  return isHalfDone && rule.isEnabled !== presetOf(rule)?.isEnabled ? "change" : "keep";
}

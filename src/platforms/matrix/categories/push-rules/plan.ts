import type { NotMoved } from "../../../../model/not-moved.ts";
import { stages } from "../../../../model/step.ts";
import type { JsonObject } from "../../api/json.ts";
import { isMentionRule } from "../../finish/mention-rule.ts";
import type { CategoryPlan } from "../category-plan.ts";
import type { Comparison, Desired } from "../comparison.ts";
import { compareItems } from "../comparison.ts";
import { isUnchangedDefault } from "./default-rules.ts";
import type { PushRuleId } from "./item-status.ts";
import { displacedRules, isSameRule, statusOfRule } from "./item-status.ts";
import type { PushRule } from "./push-rule.ts";
import { pushRuleName, readPushRules } from "./push-rule.ts";
import type { Mapping } from "./rule-on-target.ts";
import { ruleOnTarget } from "./rule-on-target.ts";
import { roomsOfRule } from "./rule-rooms.ts";
import type { PushRulesPayload } from "./stored-rules.ts";
import { toStored } from "./stored-rules.ts";

interface PushRuleComparison extends Comparison<PushRule> {
  /** All of the person's own rules in the desired order, present and missing. */
  readonly order: readonly PushRuleId[];
  /** Names of the missing rules that exist in another place. */
  readonly displaced: ReadonlySet<string>;
}

/**
 * The person's own push rules and the default rules that they changed. A rule that exists out of
 * order counts as missing. A rule that the target has in another form keeps its form and its place.
 */
export const pushRulesPlan: CategoryPlan<PushRuleComparison, PushRulesPayload> = {
  name: "push_rules",
  accountDataType: "m.push_rules",
  isWholeList: true,
  partAbout: (rule, roomIds) => (roomsOfRule(rule).some((roomId) => roomIds.has(roomId)) ? rule : null),
  compare(source, target, roomIdOnTarget) {
    const mapping = {
      sourceUserId: source.snapshot.userId,
      targetUserId: target.snapshot.userId,
      roomIdOnTarget,
    };
    const existing = new Map(readPushRules(target.pushRules).rules.map((rule) => [pushRuleName(rule), rule]));
    const existingOf = (rule: PushRule) => existing.get(pushRuleName(rule));
    const { items, notMoved } = desiredPushRules(source.pushRules, mapping);
    const choices = items.filter((rule) => isChoice(rule, existingOf(rule)));
    const order = choices.filter((rule) => {
      const status = statusOfRule(rule, existingOf(rule));
      return !rule.isDefault && (status === "present" || status === "missing");
    });
    const displaced = displacedRules(order, existing);
    const comparison = compareItems("push_rules", { items: choices, notMoved }, pushRuleName, (rule) =>
      displaced.has(pushRuleName(rule)) ? "missing" : statusOfRule(rule, existingOf(rule)),
    );
    return { ...comparison, order: order.map(({ kind, ruleId }) => ({ kind, ruleId })), displaced };
  },
  /**
   * One step for all rules: their order counts, and each one is placed next to a rule written
   * before.
   */
  steps({ missingItems, displaced, order }) {
    if (missingItems.length === 0) return [];
    const payload = { missing: missingItems.map(toStored), displaced: [...displaced], order: [...order] };
    return [{ key: "push_rules", stage: stages.settings, payload }];
  },
};

/**
 * The source's own rules and changed default rules for the target, in the desired order. It
 * includes default rules that are not in the specification: only a comparison with the target shows
 * whether one was changed. The bot's rule for mentions of a moved account is left out.
 * @param global rules by kind, as the server sent them
 */
export function desiredPushRules(global: JsonObject, mapping: Mapping): Desired<PushRule> {
  const { rules, malformed } = readPushRules(global);
  const notMoved = malformed.map((item): NotMoved => ({ category: "push_rules", item, code: "malformed" }));
  const desired = new Map<string, PushRule>();
  for (const rule of rules) {
    if (isMentionRule(rule) || (rule.isDefault && isUnchangedDefault(rule) === true)) continue;
    const onTarget = rule.isDefault ? rule : ruleOnTarget(rule, mapping);
    if (typeof onTarget === "string")
      notMoved.push({ category: "push_rules", item: pushRuleName(rule), code: onTarget });
    // An upgraded room and its replacement may each have a rule. The first one counts.
    else if (!desired.has(pushRuleName(onTarget))) desired.set(pushRuleName(onTarget), onTarget);
  }
  return { items: [...desired.values()], notMoved };
}

/**
 * Whether the source's rule is a person's choice. A default rule that is not in the specification
 * counts as unchanged if the target has the same one or none.
 */
function isChoice(rule: PushRule, existing: PushRule | undefined): boolean {
  if (!rule.isDefault || isUnchangedDefault(rule) !== null) return true;
  return existing !== undefined && !isSameRule(rule, existing);
}

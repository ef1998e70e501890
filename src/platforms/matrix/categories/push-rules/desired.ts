import type { Desired } from "../comparison.ts";
import type { JsonObject } from "../../api/json.ts";
import type { NotMoved } from "../not-moved.ts";
import { isUnchangedDefault } from "./default-rules.ts";
import { pushRuleName, readPushRules } from "./push-rule.ts";
import type { PushRule } from "./push-rule.ts";
import { ruleOnTarget } from "./rule-on-target.ts";
import type { Mapping } from "./rule-on-target.ts";

/**
 * The source's own rules and changed defaults, as they should be on the target and in that order. A
 * default rule that the specification does not know stands among them too: whether it was changed
 * only a look at the target tells.
 * @param global rules by kind, as the server sent them
 */
export function desiredPushRules(global: JsonObject, mapping: Mapping): Desired<PushRule> {
  const { rules, malformed } = readPushRules(global);
  const notMoved = malformed.map((item): NotMoved => ({ category: "push_rules", item, code: "malformed" }));
  const wanted = new Map<string, PushRule>();
  for (const rule of rules) {
    if (rule.isDefault && isUnchangedDefault(rule) === true) continue;
    const onTarget = rule.isDefault ? rule : ruleOnTarget(rule, mapping);
    if (typeof onTarget === "string")
      notMoved.push({ category: "push_rules", item: pushRuleName(rule), code: onTarget });
    // An upgraded room and its replacement may each have a rule: the first is the one that counts.
    else if (!wanted.has(pushRuleName(onTarget))) wanted.set(pushRuleName(onTarget), onTarget);
  }
  return { wanted: [...wanted.values()], notMoved };
}

import { compareItems } from "../comparison.ts";
import type { Comparison, Standing } from "../comparison.ts";
import type { AccountContents } from "../contents.ts";
import type { RoomIdOnTarget } from "../room-mapping.ts";
import { isSameJson } from "../same-json.ts";
import { hasSameEffect } from "./actions.ts";
import { isUnchangedDefault } from "./default-rules.ts";
import { outOfOrder } from "./order.ts";
import { PUSH_RULE_KINDS, pushRuleName, readPushRules } from "./push-rule.ts";
import type { PushRule } from "./push-rule.ts";
import { wantedPushRules } from "./wanted.ts";

/** Rules that are there but in the wrong order count as missing. */
export function verifyPushRules(source: AccountContents, target: AccountContents, roomIdOnTarget: RoomIdOnTarget): Comparison {
  const mapping = { sourceUserId: source.snapshot.userId, targetUserId: target.snapshot.userId, roomIdOnTarget };
  const there = new Map(readPushRules(target.pushRules).rules.map((rule) => [pushRuleName(rule), rule]));
  const { wanted, notMoved } = wantedPushRules(source.pushRules, mapping);
  const choices = wanted.filter((rule) => isChoice(rule, there.get(pushRuleName(rule))));
  const displaced = displacedRules(choices, there);
  return compareItems("push_rules", { wanted: choices, notMoved }, pushRuleName, (rule) =>
    displaced.has(pushRuleName(rule)) ? "missing" : standingOf(rule, there.get(pushRuleName(rule))),
  );
}

/** A default rule that nobody knows is taken for unchanged where the target has none, or the same. */
function isChoice(rule: PushRule, there: PushRule | undefined): boolean {
  if (!rule.isDefault || isUnchangedDefault(rule) !== null) return true;
  return there !== undefined && !isSameRule(rule, there);
}

function standingOf(rule: PushRule, there: PushRule | undefined): Standing {
  if (there === undefined) return rule.isDefault ? "rule_not_on_server" : "missing";
  if (isSameRule(rule, there)) return "present";
  if (!rule.isDefault) return "target_has_own";
  const isUnchanged = isUnchangedDefault(there);
  if (isUnchanged === null) return "unknown_default_rule";
  return isUnchanged ? "missing" : "target_has_own";
}

function isSameRule(rule: PushRule, there: PushRule): boolean {
  if (rule.isEnabled !== there.isEnabled || !hasSameEffect(rule.actions, there.actions)) return false;
  // The conditions of a default rule are the server's, and name the account.
  return rule.isDefault || (rule.pattern === there.pattern && isSameJson(rule.conditions, there.conditions));
}

/** Names of a person's own rules that are there in an order other than the wanted one; the order of kinds is fixed. */
function displacedRules(wanted: readonly PushRule[], there: ReadonlyMap<string, PushRule>): Set<string> {
  const places = new Map([...there.keys()].map((name, place) => [name, place]));
  const displaced = new Set<string>();
  for (const kind of PUSH_RULE_KINDS) {
    const names = wanted
      .filter((rule) => rule.kind === kind && !rule.isDefault && places.has(pushRuleName(rule)))
      .map(pushRuleName);
    for (const index of outOfOrder(names.map((name) => places.get(name) ?? 0))) displaced.add(names[index] ?? "");
  }
  return displaced;
}

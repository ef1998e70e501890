import type { StepProblem } from "../../../../model/step-outcome.ts";
import type { StepSession } from "../../steps/define-step.ts";
import { defineStep } from "../../steps/define-step.ts";
import { deleteRule, putRule, readRules, setActions, setEnabled } from "../../steps/push-rule-requests.ts";
import { toOutcome } from "../../steps/step-errors.ts";
import { hasSameEffect } from "./actions.ts";
import type { RuleDecision } from "./decide.ts";
import { decideRule } from "./decide.ts";
import type { PushRuleId, PushRulesByName } from "./item-status.ts";
import { displacedRules, isSameRule } from "./item-status.ts";
import type { Place } from "./place.ts";
import { ownRuleAbove, placeOf } from "./place.ts";
import type { PushRule } from "./push-rule.ts";
import { pushRuleName } from "./push-rule.ts";
import { roomsOfRule } from "./rule-rooms.ts";
import type { PushRuleChange, PushRulesUndo } from "./stored-rules.ts";
import { pushRulesSchema, pushRulesUndoSchema, toStored } from "./stored-rules.ts";

/**
 * The number of rules that are written between two reads of the target's rules, because the person
 * and their clients go on using the account.
 */
const MAX_RULES_PER_READ = 20;

interface PlannedRule {
  readonly rule: PushRule;
  readonly name: string;
  readonly wasDisplaced: boolean;
}

interface DecidedRule extends PlannedRule {
  readonly decision: RuleDecision;
}

/**
 * Writes rules one by one, each at its place among the existing ones.
 * - The target's rules are read first and again after every few writes. So a later try continues
 *   where an earlier one ended, and a rule that somebody has changed since is kept.
 * - Rules about rooms that the target has not joined are skipped.
 * - A rule that the server refuses does not prevent the others.
 *
 * The undo moves rules back from the top down, so that each one finds the rule that was above it.
 */
export const pushRulesStep = defineStep({
  payload: pushRulesSchema,
  undoRecord: pushRulesUndoSchema,
  async run({ missing, displaced, order }, scope) {
    const { target, savedUndo } = scope;
    const tried = new Set(savedUndo?.changes.map(({ written }) => pushRuleName(written)));
    const allowed = missing
      .filter((rule) => rule.isDefault || roomsOfRule(rule).every((roomId) => scope.isJoined(roomId)))
      .map((rule) => ({ rule, name: pushRuleName(rule) }))
      .map((planned): PlannedRule => ({ ...planned, wasDisplaced: displaced.includes(planned.name) }));
    const decide = (rules: readonly PlannedRule[], existing: PushRulesByName, displacedNow: Set<string>) =>
      rules.flatMap((planned): DecidedRule[] => {
        const { rule, name, wasDisplaced } = planned;
        const facts = { wasDisplaced, isDisplaced: displacedNow.has(name), isTried: tried.has(name) };
        const decision = decideRule(rule, existing.get(name), facts);
        return decision === "keep" ? [] : [{ ...planned, decision }];
      });

    let existing = await readRules(target);
    let displacedNow = displacedRules(order, existing);
    const decided = decide(allowed, existing, displacedNow);
    const written = new Set(decided.filter(({ decision }) => decision === "written").map(({ name }) => name));
    const untried = decided
      .filter(({ name }) => !tried.has(name))
      .map(({ rule, wasDisplaced }) => changeOf(rule, existing, wasDisplaced));
    const changes = [...(savedUndo?.changes ?? []), ...inOrderOf(existing, untried)];
    const candidates = decided.filter(({ decision }) => decision !== "written");
    // Each of them is done once. A rule that was created may have to be switched after that.
    const done = new Set<string>();
    const isOpen = ({ name, decision }: DecidedRule) =>
      decision !== "written" && !done.has(`${decision} ${name}`);
    let problem: StepProblem | null = null;
    for (;;) {
      const batch = decide(candidates, existing, displacedNow).filter(isOpen).slice(0, MAX_RULES_PER_READ);
      if (batch.length === 0) break;
      for (const { name } of batch) tried.add(name);
      await scope.saveUndo({ changes: changes.filter((change) => tried.has(pushRuleName(change.written))) });
      const settled = new Set([...existing.keys()].filter((name) => !displacedNow.has(name)));
      for (const { rule, name, decision } of batch) {
        done.add(`${decision} ${name}`);
        const place = placeOf(rule, order, settled);
        const found = existing.get(name);
        const refusal = await refusalOf(() => carryOut(target, rule, { decision, place, existing: found }));
        problem ??= refusal;
        if (refusal !== null) continue;
        written.add(name);
        settled.add(name);
      }
      existing = await readRules(target);
      displacedNow = displacedRules(order, existing);
    }
    const undo: PushRulesUndo = {
      changes: changes.filter((change) => written.has(pushRuleName(change.written))),
    };
    const isNothing = undo.changes.length === 0;
    if (problem === null) return isNothing ? { status: "already_done" } : { status: "done", undo };
    if (isNothing) await scope.saveUndo(null);
    return { status: "failed", problem, ...(isNothing ? {} : { undo }) };
  },
  async undo({ changes }, { target }) {
    const isUnchanged = (existing: PushRulesByName) => {
      return ({ written }: PushRuleChange): boolean => {
        const rule = existing.get(pushRuleName(written));
        return rule !== undefined && isSameRule(written, rule);
      };
    };
    const first = await readRules(target);
    const { moved = [], changed = [] } = Object.groupBy(changes.filter(isUnchanged(first)), (change) =>
      change.before !== null && !change.written.isDefault ? "moved" : "changed",
    );
    const isMoved = moved.some(({ written, wasAfter }) => ownRuleAbove(written, first) !== wasAfter);
    if (changed.length === 0 && !isMoved) return { status: "already_done" };
    for (const some of inBatches([...changed, ...(isMoved ? moved : [])])) {
      const existing = await readRules(target);
      for (const { written, before, wasAfter } of some.filter(isUnchanged(existing))) {
        if (before === null) await deleteRule(target, written);
        else if (written.isDefault) await changeDefault(target, before, written);
        else await putRule(target, written, placeBelow(wasAfter, written, existing));
      }
    }
    return { status: "done" };
  },
});

function inBatches<Item>(items: readonly Item[]): Item[][] {
  const count = Math.ceil(items.length / MAX_RULES_PER_READ);
  return Array.from({ length: count }, (_, index) =>
    items.slice(index * MAX_RULES_PER_READ, (index + 1) * MAX_RULES_PER_READ),
  );
}

/**
 * The position right below a rule; the first position of its kind if that rule no longer exists.
 */
function placeBelow(above: string | null, { kind }: PushRuleId, existing: PushRulesByName): Place {
  return above !== null && existing.has(pushRuleName({ kind, ruleId: above })) ? { after: above } : null;
}

/** The changes in the order that their rules have. */
function inOrderOf(existing: PushRulesByName, changes: readonly PushRuleChange[]): PushRuleChange[] {
  const places = new Map([...existing.keys()].map((name, place) => [name, place]));
  const placeOfChange = ({ written }: PushRuleChange) => places.get(pushRuleName(written)) ?? places.size;
  return changes.toSorted((left, right) => placeOfChange(left) - placeOfChange(right));
}

/** A default rule is changed only if it is as servers make it. */
function changeOf(written: PushRule, existing: PushRulesByName, wasDisplaced: boolean): PushRuleChange {
  const before = written.isDefault || wasDisplaced ? existing.get(pushRuleName(written)) : undefined;
  return {
    written: toStored(written),
    before: before === undefined ? null : toStored(before),
    wasAfter: ownRuleAbove(written, existing),
  };
}

async function carryOut(
  target: StepSession,
  rule: PushRule,
  { decision, place, existing }: { decision: RuleDecision; place: Place; existing: PushRule | undefined },
): Promise<void> {
  if (decision === "put") await putRule(target, rule, place);
  if (decision === "change" && existing !== undefined) await changeDefault(target, rule, existing);
  else if (decision === "switch" || !rule.isEnabled) await setEnabled(target, rule, rule.isEnabled);
}

async function changeDefault(target: StepSession, rule: PushRule, existing: PushRule): Promise<void> {
  if (rule.isEnabled !== existing.isEnabled) await setEnabled(target, rule, rule.isEnabled);
  if (!hasSameEffect(rule.actions, existing.actions)) await setActions(target, rule, rule.actions);
}

/**
 * @returns `null` if the work succeeded
 * @throws errors that are not refusals
 */
async function refusalOf(work: () => Promise<void>): Promise<StepProblem | null> {
  try {
    await work();
    return null;
  } catch (error) {
    const outcome = toOutcome(error);
    if (outcome.status === "failed") return outcome.problem;
    throw error;
  }
}

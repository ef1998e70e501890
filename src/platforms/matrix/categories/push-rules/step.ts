import type { StepProblem } from "../../../../model/step-outcome.ts";
import type { StepFunction, UndoFunction } from "../../steps/step-context.ts";
import { outcomeOf, toOutcome } from "../../steps/step-errors.ts";
import { sessionOf } from "../../steps/step-session.ts";
import type { StepSession } from "../../steps/step-session.ts";
import { hasSameEffect } from "./actions.ts";
import { decideRule } from "./decide.ts";
import type { RuleDecision } from "./decide.ts";
import { deleteRule, putRule, readRules, setActions, setEnabled } from "./requests.ts";
import { ownRuleAbove, placeOf } from "./place.ts";
import type { Place } from "./place.ts";
import { pushRuleName } from "./push-rule.ts";
import type { PushRule } from "./push-rule.ts";
import { roomsOfRule } from "./rule-rooms.ts";
import { displacedRules, isSameRule } from "./item-status.ts";
import type { PushRulesByName } from "./item-status.ts";
import { pushRulesSchema, pushRulesUndoSchema, toStored } from "./stored-rules.ts";
import type { PushRuleChange, PushRulesUndo } from "./stored-rules.ts";

/**
 * Writes rules one by one, each at its place among those that are there. The target's are read
 * first, so that a try that ended half-way goes on where it stopped. Rules about rooms that the
 * target is not in are passed over; one that the server refuses does not keep the others out.
 */
export const runPushRules: StepFunction = async (payload, context) => {
  const { missing, displaced, order } = pushRulesSchema.parse(payload);
  const savedUndo = pushRulesUndoSchema.nullable().parse(context.savedUndo);
  const target = sessionOf(context, "target");
  return await outcomeOf(async () => {
    const there = await readRules(target);
    const displacedNow = displacedRules(order, there);
    const settled = new Set([...there.keys()].filter((name) => !displacedNow.has(name)));
    const tried = new Set(savedUndo?.changes.map(({ written }) => pushRuleName(written)));
    const decisions = missing.flatMap((rule) => {
      if (!rule.isDefault && !roomsOfRule(rule).every((roomId) => context.isInside(roomId))) return [];
      const name = pushRuleName(rule);
      const wasDisplaced = displaced.includes(name);
      const ground = { wasDisplaced, isDisplaced: displacedNow.has(name), isTried: tried.has(name) };
      const decision = decideRule(rule, there.get(name), ground);
      return decision === "keep" ? [] : [{ rule, name, decision, wasDisplaced }];
    });
    const fresh = decisions
      .filter(({ name }) => !tried.has(name))
      .map(({ rule, wasDisplaced }) => changeOf(rule, there, wasDisplaced));
    const changes = [...(savedUndo?.changes ?? []), ...inOrderOf(there, fresh)];
    if (decisions.some(({ decision }) => decision !== "stands"))
      await context.saveUndo({ changes } satisfies PushRulesUndo);
    const standing = new Set<string>();
    let problem: StepProblem | null = null;
    for (const { rule, name, decision } of decisions) {
      const existing = there.get(name);
      const place = placeOf(rule, order, settled);
      const refusal =
        decision === "stands"
          ? null
          : await refusalOf(() => carryOut(target, rule, { decision, place, existing }));
      problem ??= refusal;
      if (refusal !== null) continue;
      standing.add(name);
      settled.add(name);
    }
    const undo: PushRulesUndo = {
      changes: changes.filter(({ written }) => standing.has(pushRuleName(written))),
    };
    const isNothing = undo.changes.length === 0;
    if (problem === null) return isNothing ? { status: "already_done" } : { status: "done", undo };
    if (isNothing) await context.saveUndo(null);
    return { status: "failed", problem, ...(isNothing ? {} : { undo }) };
  });
};

/** Rules that were moved go back from the top down, so that each finds the one it stood below. */
export const undoPushRules: UndoFunction = async (undo, context) => {
  const { changes } = pushRulesUndoSchema.parse(undo);
  const target = sessionOf(context, "target");
  return await outcomeOf(async () => {
    const there = await readRules(target);
    const standing = changes.filter(({ written }) => {
      const existing = there.get(pushRuleName(written));
      return existing !== undefined && isSameRule(written, existing);
    });
    const { moved = [], changed = [] } = Object.groupBy(standing, ({ written, before }) =>
      before !== null && !written.isDefault ? "moved" : "changed",
    );
    const isMoved = moved.some(({ written, wasAfter }) => ownRuleAbove(written, there) !== wasAfter);
    if (changed.length === 0 && !isMoved) return { status: "already_done" };
    for (const { written, before } of changed) {
      if (before === null) await deleteRule(target, written);
      else await changeDefault(target, before, written);
    }
    for (const { written, wasAfter } of isMoved ? moved : []) {
      const isThere = wasAfter !== null && there.has(pushRuleName({ kind: written.kind, ruleId: wasAfter }));
      await putRule(target, written, isThere ? { after: wasAfter } : null);
    }
    return { status: "done" };
  });
};

/** The changes by where their rules stood. */
function inOrderOf(there: PushRulesByName, changes: readonly PushRuleChange[]): PushRuleChange[] {
  const places = new Map([...there.keys()].map((name, place) => [name, place]));
  const placeOfChange = ({ written }: PushRuleChange) => places.get(pushRuleName(written)) ?? places.size;
  return changes.toSorted((left, right) => placeOfChange(left) - placeOfChange(right));
}

/** A default rule is changed only where it is as servers make it. */
function changeOf(written: PushRule, there: PushRulesByName, wasDisplaced: boolean): PushRuleChange {
  const before = written.isDefault || wasDisplaced ? there.get(pushRuleName(written)) : undefined;
  return {
    written: toStored(written),
    before: before === undefined ? null : toStored(before),
    wasAfter: ownRuleAbove(written, there),
  };
}

async function carryOut(
  target: StepSession,
  rule: PushRule,
  { decision, place, existing }: { decision: RuleDecision; place: Place; existing: PushRule | undefined },
): Promise<void> {
  if (decision === "put") await putRule(target, rule, place);
  if (decision === "change" && existing !== undefined) await changeDefault(target, rule, existing);
  else if (!rule.isEnabled) await setEnabled(target, rule, false);
}

async function changeDefault(target: StepSession, rule: PushRule, existing: PushRule): Promise<void> {
  if (rule.isEnabled !== existing.isEnabled) await setEnabled(target, rule, rule.isEnabled);
  if (!hasSameEffect(rule.actions, existing.actions)) await setActions(target, rule, rule.actions);
}

/** @returns `null` where it was taken; what is no refusal is thrown on */
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
